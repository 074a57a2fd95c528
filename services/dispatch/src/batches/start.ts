import { hintLifecycle, hintWork } from "@flovyn/bus";
import { type HeldKey, holdKeys, insertWorkflows, type NewWorkflow, registerQueues, type TakeKey } from "@flovyn/db";
import { DomainError, lifecycleOf, newId } from "@flovyn/domain";
import { type Batcher, createBatcher, type Outcome } from "@flovyn/runtime";
import type { DispatchContext } from "../context.js";

export interface Start {
  started: NewWorkflow;
  key: { key: string; ttlSeconds: number } | undefined;
}

export interface Started {
  id: string;
  isNew: boolean;
}

/** Bytes of payload that one batch carries at most: larger ones leave in the next. */
export const batchBytesMax = 8 * 1024 * 1024;

/** Creates executions in batches: with nothing to look up first, a batch is one statement. */
export function createStartBatcher(context: DispatchContext): Batcher<Start, Started> {
  return createBatcher<Start, Started>({
    name: "workflow.start",
    weightOf: ({ started }) => started.input.byteLength,
    weightMax: batchBytesMax,
    lane: context.lane,
    metrics: context.metrics,
    run: (starts) => startAll(context, starts),
  });
}

async function startAll(context: DispatchContext, starts: readonly Start[]): Promise<Outcome<Started>[]> {
  const now = context.clock.now();
  const plain = starts.every(({ started, key }) => {
    const { orgId, queue } = started.change.next;
    return key === undefined && context.knownQueues.has(orgId, queue);
  });
  let outcomes: Outcome<Started>[];
  if (plain) {
    await insertWorkflows(context.db, now, starts.map(toNew));
    outcomes = starts.map(({ started }) => ({ ok: true, value: { id: started.change.next.id, isNew: true } }));
  } else {
    outcomes = await startWithKeys(context, starts, now);
  }
  const created = starts.filter((_, index) => isCreated(outcomes[index])).map(toNew);
  announceStarted(context, created, now);
  return outcomes;
}

const toNew = ({ started }: Start) => started;

/** After the commit: new executions can be claimed. */
export function announceStarted(context: DispatchContext, created: readonly NewWorkflow[], now: number): void {
  hintWork(
    context.bus,
    created.map(({ change: { next } }) => ({ kind: "workflow", orgId: next.orgId, queue: next.queue })),
  );
  hintLifecycle(
    context.bus,
    created.flatMap(({ change }) => lifecycleOf(change, now)),
  );
  for (const { change } of created) context.metrics.workflowStarted(change.next);
}

/** One transaction: queues, keys, executions. Of several starts with one key the first one creates. */
async function startWithKeys(
  context: DispatchContext,
  starts: readonly Start[],
  now: number,
): Promise<Outcome<Started>[]> {
  const { outcomes, registered } = await context.db.transaction(async (tx) => {
    const registered = await registerQueues(tx, {
      now,
      registeredBy: "start_workflow",
      used: starts.map(({ started }) => started.change.next),
      known: context.knownQueues,
    });
    const holders = await holdKeys(tx, { now, wanted: wantedKeys(starts, now) });
    const outcomes = starts.map((start) => outcomeOf(start, holders));
    const winners = starts.filter((_, index) => isCreated(outcomes[index]));
    if (winners.length > 0) tx.defer(insertWorkflows(tx, now, winners.map(toNew)));
    return { outcomes, registered };
  });
  registered.remember();
  return outcomes;
}

/** One entry for each key, for the start that came first. */
function wantedKeys(starts: readonly Start[], now: number): TakeKey[] {
  const wanted = new Map<string, TakeKey>();
  for (const { started, key } of starts) {
    const { id, orgId, kind } = started.change.next;
    const name = `${orgId}/${key?.key}`;
    if (key === undefined || wanted.has(name)) continue;
    wanted.set(name, workflowKey({ id, orgId, kind, ...key }, now));
  }
  return [...wanted.values()];
}

export function workflowKey(
  workflow: { id: string; orgId: string; kind: string; key: string; ttlSeconds: number },
  now: number,
): TakeKey {
  const { id, orgId, kind, key, ttlSeconds } = workflow;
  const owner = { workflowId: id, taskId: null, promiseId: null };
  return { id: newId(), orgId, key, ...owner, kind, expiresAt: now + ttlSeconds * 1000 };
}

/** The start ends up with an execution of its own, or with the one that holds its key. */
function outcomeOf({ started, key }: Start, holders: ReadonlyMap<string, HeldKey>): Outcome<Started> {
  const { id, orgId } = started.change.next;
  if (key === undefined) return { ok: true, value: { id, isNew: true } };
  const workflowId = holders.get(`${orgId}/${key.key}`)?.workflowId;
  if (workflowId != null) return { ok: true, value: { id: workflowId, isNew: workflowId === id } };
  return { ok: false, error: keyHeldByOther() };
}

export function keyHeldByOther(field = "idempotency_key"): DomainError {
  return new DomainError("AlreadyExists", `${field}: is held by something that is not a workflow`, { field });
}

function isCreated(outcome: Outcome<Started> | undefined): boolean {
  return outcome?.ok === true && outcome.value.isNew;
}
