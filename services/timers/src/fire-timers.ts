import { announce } from "@flovyn/bus";
import { type DueWait, fireTimers, lockTimers, lockWorkflowsOfDueTimers, WorkflowChanges } from "@flovyn/db";
import { appendExternal, fireTimer, systemActor } from "@flovyn/domain";
import { type Batcher, createBatcher, reportWorkflows } from "@flovyn/runtime";
import type { TimersContext } from "./context.js";

/**
 * Fires due timers in batches: workflows are locked first, then timers; what fires is decided under the locks, so that of
 * several replicas one fires each. A workflow that somebody holds is left for the next pass. The result says whether this
 * replica fired the timer.
 */
export function createFireBatcher(context: TimersContext): Batcher<DueWait, boolean> {
  return createBatcher<DueWait, boolean>({
    name: "timer.fire",
    lane: context.lane,
    metrics: context.metrics,
    run: async (due) => {
      const fired = await fireAll(context, due);
      return due.map(({ id }) => ({ ok: true, value: fired.has(id) }));
    },
  });
}

async function fireAll(context: TimersContext, due: readonly DueWait[]): Promise<Set<string>> {
  const now = context.clock.now();
  const { changes, fired } = await context.db.transaction(async (tx) => {
    const timerIds = due.map(({ id }) => id);
    const changes = new WorkflowChanges(await lockWorkflowsOfDueTimers(tx, { now, timerIds }));
    const timers = await lockTimers(
      tx,
      due.flatMap(({ id, workflowId }) => (changes.get(workflowId) === undefined ? [] : [id])),
    );
    const fired: string[] = [];
    // They are locked by id; histories tell them in the order in which they were due, also when several are overdue.
    for (const timer of timers.toSorted((a, b) => a.fireAtMs - b.fireAtMs)) {
      const workflow = changes.get(timer.workflowId);
      const change = fireTimer(timer, now);
      if (workflow === undefined || change === undefined) continue;
      changes.add(appendExternal(workflow, [change.event], systemActor("timer"), context.config.limits.history));
      fired.push(timer.id);
    }
    if (fired.length > 0) fireTimers(tx, { now, ids: fired });
    changes.write(tx, now);
    return { changes, fired };
  });
  announce(context.bus, changes, now);
  reportWorkflows(context, changes);
  return new Set(fired);
}
