import { announce } from "@flovyn/bus";
import { findCancellations, findLiveChildren, lockKeysOf, lockWorkflows, WorkflowChanges } from "@flovyn/db";
import { membersCancelled, type Workflow } from "@flovyn/domain";
import { type Batcher, createBatcher, type Outcome, reportWorkflows } from "@flovyn/runtime";
import { type Cancellation, cancelLocked } from "../cancel-workflows.js";
import type { DispatchContext } from "../context.js";

/** Children cancelled in one pass. A workflow that has more keeps owing. */
const childrenMax = 500;
const workflowsPerBatchMax = 16;

export interface CancelledMembers {
  /** The children that this pass ended. Their own children are the next step of the caller. */
  children: readonly Workflow[];
  /** There may be more of them. */
  more: boolean;
}

/**
 * Cancels the live children of cancelled workflows, given by their ids, for the reason and in the name of whoever cancelled
 * the parent.
 */
export function createMemberBatcher(context: DispatchContext): Batcher<string, CancelledMembers> {
  return createBatcher<string, CancelledMembers>({
    name: "workflow.cancel-members",
    itemsMax: workflowsPerBatchMax,
    lane: context.lane,
    metrics: context.metrics,
    run: async (ids) => {
      const { ended, more } = await cancelMembers(context, ids);
      const byParent = new Map(ids.map((id) => [id, [] as Workflow[]]));
      for (const child of ended) byParent.get(child.parentId ?? "")?.push(child);
      return ids.map((id): Outcome<CancelledMembers> => {
        return { ok: true, value: { children: byParent.get(id) ?? [], more } };
      });
    },
  });
}

async function cancelMembers(context: DispatchContext, ids: readonly string[]) {
  const now = context.clock.now();
  const { changes, more } = await context.db.transaction(async (tx) => {
    const children = await findLiveChildren(tx, { parentIds: ids, limit: childrenMax });
    const [locked, cancellations] = await Promise.all([
      lockWorkflows(tx, [...ids, ...children]),
      findCancellations(tx, ids),
    ]);
    const changes = new WorkflowChanges(locked);
    const ofParent = (id: string): Cancellation => {
      const { reason, by } = cancellations.get(id) ?? { reason: "", by: "" };
      return { workflowId: id, reason, actor: { type: "system", id: by } };
    };
    await lockKeysOf(tx, { now, workflowIds: children });
    await cancelLocked(
      tx,
      changes,
      children.map((workflowId) => ({ ...ofParent(changes.get(workflowId)?.parentId ?? ""), workflowId })),
      now,
    );
    const more = children.length >= childrenMax;
    for (const id of more ? [] : ids) {
      const parent = changes.get(id);
      if (parent !== undefined) changes.add({ next: membersCancelled(parent), events: [], transitions: [] });
    }
    changes.write(tx, now);
    return { changes, more };
  });
  announce(context.bus, changes, now);
  reportWorkflows(context, changes);
  return { ended: changes.ended(), more };
}
