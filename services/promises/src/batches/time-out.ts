import { announce } from "@flovyn/bus";
import {
  type DueWait,
  lockPromises,
  lockWorkflowsOfTimedOutPromises,
  type SettledPromiseRow,
  settlePromises,
  WorkflowChanges,
} from "@flovyn/db";
import { appendExternal, systemActor, timeOutPromise } from "@flovyn/domain";
import { type Batcher, createBatcher, reportWorkflows } from "@flovyn/runtime";
import type { PromisesContext } from "../context.js";

/** Times promises out in batches, decided under the locks; the result says whether this replica did. */
export function createTimeOutBatcher(context: PromisesContext): Batcher<DueWait, boolean> {
  return createBatcher<DueWait, boolean>({
    name: "promise.time-out",
    lane: context.lane,
    metrics: context.metrics,
    run: async (due) => {
      const timedOut = await timeOutAll(context, due);
      return due.map(({ id }) => ({ ok: true, value: timedOut.has(id) }));
    },
  });
}

async function timeOutAll(context: PromisesContext, due: readonly DueWait[]): Promise<Set<string>> {
  const now = context.clock.now();
  const actor = systemActor("promise-timeout");
  const { changes, settled } = await context.db.transaction(async (tx) => {
    const promiseIds = due.map(({ id }) => id);
    const changes = new WorkflowChanges(await lockWorkflowsOfTimedOutPromises(tx, { now, promiseIds }));
    const promises = await lockPromises(
      tx,
      due.flatMap(({ id, workflowId }) => (changes.get(workflowId) === undefined ? [] : [id])),
    );
    const settled: SettledPromiseRow[] = [];
    // They are locked by id; histories tell them in the order of their timeouts, also when several are over.
    for (const promise of promises.toSorted((a, b) => (a.timeoutAtMs ?? 0) - (b.timeoutAtMs ?? 0))) {
      const workflow = changes.get(promise.workflowId);
      const change = timeOutPromise(promise, now);
      if (workflow === undefined || change === undefined) continue;
      const appended = appendExternal(workflow, [change.event], actor, context.config.limits.history);
      changes.add(appended);
      const { id, status, value, error } = change.next;
      settled.push({ id, status, value, error, settledSequence: appended.next.sequence, settledBy: actor.id });
    }
    if (settled.length > 0) settlePromises(tx, { now, settled });
    changes.write(tx, now);
    return { changes, settled };
  });
  announce(context.bus, changes, now);
  reportWorkflows(context, changes);
  return new Set(settled.map(({ id }) => id));
}
