import { announce } from "@flovyn/bus";
import {
  findKeys,
  findSignalIds,
  type HeldKey,
  insertWorkflows,
  lockWorkflows,
  type NewWorkflow,
  registerQueues,
  rememberSignalIds,
  type SignalIdRow,
  type Transaction,
  takeKeys,
  WorkflowChanges,
} from "@flovyn/db";
import { type Actor, DomainError, type HistoryLimits, isWorkflowTerminal, type Signal } from "@flovyn/domain";
import { type Batcher, createBatcher, type Outcome, reportWorkflows } from "@flovyn/runtime";
import type { DispatchContext } from "../context.js";
import { identified, type Signalled, signalOnce } from "./signal.js";
import { announceStarted, batchBytesMax, keyHeldByOther, workflowKey } from "./start.js";

export interface SignalStart {
  /** What is created when no live execution goes by the key. */
  started: NewWorkflow;
  key: { key: string; ttlSeconds: number };
  signal: Signal;
  actor: Actor;
}

export interface SignalStarted extends Signalled {
  workflowId: string;
  created: boolean;
}

/** A key changes hands between a look and the lock only when others start and end executions under it meanwhile. */
const attemptsMax = 10;

/** Signals executions by their key and creates those that are not there, each in one transaction with its signal. */
export function createSignalStartBatcher(context: DispatchContext): Batcher<SignalStart, SignalStarted> {
  return createBatcher<SignalStart, SignalStarted>({
    name: "workflow.signal-with-start",
    weightOf: ({ signal, started }) => signal.value.byteLength + started.input.byteLength,
    weightMax: batchBytesMax,
    lane: context.lane,
    metrics: context.metrics,
    run: (items) => signalAll(context, items),
  });
}

/** An item whose key changed hands while it was looked at is tried again, in a new transaction. */
async function signalAll(context: DispatchContext, items: readonly SignalStart[]): Promise<Outcome<SignalStarted>[]> {
  const outcomes = new Map<SignalStart, Outcome<SignalStarted>>();
  for (let attempt = 0; attempt < attemptsMax && outcomes.size < items.length; attempt++) {
    const left = items.filter((item) => !outcomes.has(item));
    for (const [item, outcome] of await signalOrStart(context, left)) outcomes.set(item, outcome);
  }
  return items.map((item) => outcomes.get(item) ?? { ok: false, error: busy() });
}

function busy(): DomainError {
  const field = "workflow_id";
  return new DomainError("Unavailable", `${field}: executions start and end under it too fast`, { field });
}

const keyName = ({ started, key }: SignalStart) => `${started.change.next.orgId}/${key.key}`;

/** Items that are missing from the answer have to be tried again. */
async function signalOrStart(
  context: DispatchContext,
  items: readonly SignalStart[],
): Promise<Map<SignalStart, Outcome<SignalStarted>>> {
  const now = context.clock.now();
  const { outcomes, changes, created, registered } = await context.db.transaction(async (tx) => {
    const used = items.map(({ started }) => started.change.next);
    const registered = await registerQueues(tx, { now, registeredBy: "workflow", used, known: context.knownQueues });
    const { changes, created, targets } = await findOrCreate(tx, items, now);
    const received: SignalIdRow[] = [];
    const limits = context.config.limits.history;
    const withTarget = items.flatMap((item) => {
      const target = targets.get(keyName(item));
      return typeof target === "string" ? [{ workflowId: target, signal: item.signal }] : [];
    });
    const known = await findSignalIds(tx, identified(withTarget));
    const outcomes = new Map<SignalStart, Outcome<SignalStarted>>();
    for (const item of items) {
      const target = targets.get(keyName(item));
      if (target !== undefined) outcomes.set(item, signalTarget(changes, item, target, { known, received, limits }));
    }
    if (created.length > 0) tx.defer(insertWorkflows(tx, now, created));
    rememberSignalIds(tx, now, received);
    changes.write(tx, now);
    return { outcomes, changes, created, registered };
  });
  registered.remember();
  announceStarted(context, created, now);
  announce(context.bus, changes, now);
  reportWorkflows(context, changes);
  return outcomes;
}

/**
 * The execution behind each key, by `org/key`: a live one that is locked now, or a new one that took the key, also from one
 * that has completed. An error where something else holds the key; missing where the key was lost to somebody else.
 * Keys are taken after the locks, as everywhere.
 */
async function findOrCreate(tx: Transaction, items: readonly SignalStart[], now: number) {
  const firsts = new Map<string, SignalStart>();
  for (const item of items) if (!firsts.has(keyName(item))) firsts.set(keyName(item), item);
  const wanted = [...firsts.values()].map(({ started, key }) => ({ orgId: started.change.next.orgId, key: key.key }));
  const held = await findKeys(tx, wanted);
  const ids = [...held.values()].flatMap(({ workflowId }) => workflowId ?? []);
  const changes = new WorkflowChanges(await lockWorkflows(tx, ids));
  const targets = new Map<string, string | DomainError>();
  const replaceable: string[] = [];
  const starting: SignalStart[] = [];
  for (const [name, item] of firsts) {
    const target = liveHolder(held.get(name), changes, now);
    if (target !== undefined) targets.set(name, target);
    else starting.push(item);
    const { workflowId } = held.get(name) ?? {};
    if (target === undefined && workflowId) replaceable.push(workflowId);
  }
  if (starting.length === 0) return { changes, created: [], targets };
  const keys = starting.map(({ started, key }) => {
    const { id, orgId, kind } = started.change.next;
    return workflowKey({ id, orgId, kind, ...key }, now);
  });
  const taken = await takeKeys(tx, { now, wanted: keys, replaceable });
  const created = starting.filter((item) => taken.has(keyName(item)));
  for (const item of created) {
    const { next } = item.started.change;
    changes.adopt(next);
    targets.set(keyName(item), next.id);
  }
  return { changes, created: created.map(({ started }) => started), targets };
}

function liveHolder(
  held: HeldKey | undefined,
  changes: WorkflowChanges,
  now: number,
): string | DomainError | undefined {
  if (held === undefined || held.expiresAtMs <= now) return undefined;
  if (held.workflowId === null) return keyHeldByOther("workflow_id");
  const workflow = changes.get(held.workflowId);
  return workflow === undefined || isWorkflowTerminal(workflow.status) ? undefined : workflow.id;
}

function signalTarget(
  changes: WorkflowChanges,
  item: SignalStart,
  target: string | DomainError,
  ids: { known: Map<string, number>; received: SignalIdRow[]; limits: HistoryLimits },
): Outcome<SignalStarted> {
  if (target instanceof DomainError) return { ok: false, error: target };
  try {
    const workflow = changes.get(target);
    if (workflow === undefined) throw busy();
    const signalled = signalOnce(changes, workflow, item, ids);
    return { ok: true, value: { ...signalled, workflowId: target, created: target === item.started.change.next.id } };
  } catch (error) {
    if (error instanceof DomainError) return { ok: false, error };
    throw error;
  }
}
