import { announce } from "@flovyn/bus";
import { findCancellations, findLiveChildren, lockWorkflows, WorkflowChanges } from "@flovyn/db";
import { membersCancelled, type Workflow } from "@flovyn/domain";
import { type Batcher, createBatcher, type Outcome } from "@flovyn/runtime";
import { type Cancellation, cancelLocked, cancelOpenTasks } from "../cancel-workflows.js";
import type { DispatchContext } from "../context.js";
import { hintEnded } from "../ended-workflows.js";

/** Children cancelled in one pass; a workflow that has more keeps owing, and the sweep goes on with it. */
const childrenMax = 500;
const workflowsPerBatchMax = 16;

/**
 * Cancels the open tasks and live children of cancelled workflows, by their ids, and gives the children that it ended.
 * Their own children are the next step of the caller. Whoever cancelled the parent cancelled them, for the same reason.
 */
export function createMemberBatcher(context: DispatchContext): Batcher<string, readonly Workflow[]> {
  return createBatcher<string, readonly Workflow[]>({
    name: "workflow.cancel-members",
    itemsMax: workflowsPerBatchMax,
    lane: context.lane,
    metrics: context.metrics,
    run: async (ids) => {
      const ended = await cancelMembers(context, ids);
      return ids.map((id): Outcome<readonly Workflow[]> => {
        return { ok: true, value: ended.filter(({ parentId }) => parentId === id) };
      });
    },
  });
}

async function cancelMembers(context: DispatchContext, ids: readonly string[]): Promise<readonly Workflow[]> {
  const now = context.clock.now();
  const changes = await context.db.transaction(async (tx) => {
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
    await cancelOpenTasks(tx, new Map(ids.map((id) => [id, ofParent(id)])), now);
    await cancelLocked(
      tx,
      changes,
      children.map((workflowId) => ({ ...ofParent(changes.get(workflowId)?.parentId ?? ""), workflowId })),
      now,
    );
    for (const id of children.length < childrenMax ? ids : []) {
      const parent = changes.get(id);
      if (parent !== undefined) changes.add({ next: membersCancelled(parent), events: [], transitions: [] });
    }
    changes.write(tx, now);
    return changes;
  });
  announce(context.bus, changes, now);
  hintEnded(context, changes);
  return changes.ended();
}
