import { announce } from "@flovyn/bus";
import { findOwedChildEnds, lockWorkflows, WorkflowChanges } from "@flovyn/db";
import { appendExternal, childEndEvent, parentTold, systemActor } from "@flovyn/domain";
import { type Batcher, createBatcher, type Outcome, reportWorkflows } from "@flovyn/runtime";
import type { DispatchContext } from "../context.js";
import { batchBytesMax } from "./start.js";

export interface EndedChild {
  id: string;
  /** Size of its output. */
  bytes: number;
}

/**
 * Writes the ends of children into the histories of their parents and wakes them, exactly once: what a child owes is
 * decided under its lock, together with the parent. A parent that ended is left alone, and the debt is paid.
 */
export function createParentBatcher(context: DispatchContext): Batcher<EndedChild, void> {
  return createBatcher<EndedChild, void>({
    name: "workflow.tell-parent",
    weightOf: ({ bytes }) => bytes,
    weightMax: batchBytesMax,
    lane: context.lane,
    metrics: context.metrics,
    run: async (children) => {
      await tellParents(
        context,
        children.map(({ id }) => id),
      );
      return children.map((): Outcome<void> => ({ ok: true, value: undefined }));
    },
  });
}

async function tellParents(context: DispatchContext, childIds: readonly string[]): Promise<void> {
  const now = context.clock.now();
  const changes = await context.db.transaction(async (tx) => {
    const ends = await findOwedChildEnds(tx, childIds);
    const ids = ends.flatMap(({ id, parentId }) => [id, parentId]);
    const changes = new WorkflowChanges(await lockWorkflows(tx, ids));
    for (const end of ends) {
      const child = changes.get(end.id);
      const parent = changes.get(end.parentId);
      if (child === undefined || !child.owesParent) continue;
      if (parent !== undefined) {
        changes.add(appendExternal(parent, [childEndEvent(end)], systemActor("child"), context.config.limits.history));
      }
      changes.add({ next: parentTold(child), events: [], transitions: [] });
    }
    changes.write(tx, now);
    return changes;
  });
  announce(context.bus, changes, now);
  reportWorkflows(context, changes);
}
