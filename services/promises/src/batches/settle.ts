import { announce } from "@flovyn/bus";
import {
  findPromises,
  lockPromises,
  lockWorkflows,
  type PromiseRef,
  type SettledPromiseRow,
  settlePromises,
  WorkflowChanges,
} from "@flovyn/db";
import {
  type Actor,
  appendExternal,
  DomainError,
  type DurablePromise,
  type Settlement,
  settlePromise,
} from "@flovyn/domain";
import { type Batcher, createBatcher, type Outcome, reportWorkflows } from "@flovyn/runtime";
import type { PromisesContext } from "../context.js";
import { LockedPromises } from "../locked-promises.js";
import { noSuchPromise } from "../promise-ref.js";

export interface Settle {
  orgId: string;
  ref: PromiseRef;
  settlement: Settlement;
  actor: Actor;
}

export interface Settled {
  /** As it is now. */
  promise: DurablePromise;
  /** False: it was settled before, by somebody else or by the same call once more. */
  settled: boolean;
}

/** Bytes of payload that one batch carries at most: larger ones leave in the next. */
const batchBytesMax = 8 * 1024 * 1024;

/** Settles promises in batches. The first settlement of a promise wins, under the lock of its workflow. */
export function createSettleBatcher(context: PromisesContext): Batcher<Settle, Settled> {
  return createBatcher<Settle, Settled>({
    name: "promise.settle",
    weightOf: ({ settlement }) => (settlement.type === "RESOLVED" ? settlement.value.byteLength : 0),
    weightMax: batchBytesMax,
    lane: context.lane,
    metrics: context.metrics,
    run: (items) => settleAll(context, items),
  });
}

async function settleAll(context: PromisesContext, items: readonly Settle[]): Promise<Outcome<Settled>[]> {
  const now = context.clock.now();
  const { outcomes, changes } = await context.db.transaction(async (tx) => {
    // What a reference means and which workflow it belongs to never changes; what may change is read again under the locks.
    const meant = await findPromises(
      tx,
      items.map(({ orgId, ref }) => ({ orgId, ref })),
    );
    const [locked, promises] = await Promise.all([
      lockWorkflows(
        tx,
        meant.map(({ workflowId }) => workflowId),
      ),
      lockPromises(
        tx,
        meant.map(({ id }) => id),
      ),
    ]);
    const changes = new WorkflowChanges(locked);
    const current = new LockedPromises(promises);
    const settled: SettledPromiseRow[] = [];
    const outcomes = items.map((item): Outcome<Settled> => {
      const promise = current.pick(item);
      if (promise === undefined) return { ok: false, error: noSuchPromise() };
      const change = settlePromise(promise, item.settlement);
      const workflow = changes.get(promise.workflowId);
      if (change === undefined || workflow === undefined) return { ok: true, value: { promise, settled: false } };
      const appended = appendExternal(workflow, [change.event], item.actor, context.config.limits.history);
      changes.add(appended);
      current.replace(change.next);
      settled.push({
        id: promise.id,
        status: change.next.status,
        value: change.next.value,
        error: change.next.error,
        settledSequence: appended.next.sequence,
        settledBy: item.actor.id,
      });
      return { ok: true, value: { promise: change.next, settled: true } };
    });
    if (settled.length > 0) settlePromises(tx, { now, settled });
    changes.write(tx, now);
    return { outcomes, changes };
  });
  announce(context.bus, changes, now);
  reportWorkflows(context, changes);
  return outcomes;
}

/** The refusal for callers who have to know that theirs is not the settlement that counts. */
export function alreadySettled(promise: DurablePromise): DomainError {
  return new DomainError("WrongState", `the promise is ${promise.status}`, { reason: "ALREADY_SETTLED" });
}
