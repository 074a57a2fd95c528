import { hintWork } from "@flovyn/bus";
import {
  type HeldKey,
  holdKeys,
  insertWorkflows,
  type NewWorkflowRow,
  registerQueues,
  type TakeKey,
  toTransitionRows,
} from "@flovyn/db";
import { DomainError, newId, type WorkflowChange } from "@flovyn/domain";
import { type Batcher, createBatcher, type Outcome } from "@flovyn/runtime";
import type { DispatchContext } from "../context.js";

export interface Start {
  row: NewWorkflowRow;
  change: WorkflowChange;
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
    weightOf: (start) => start.row.input.byteLength,
    weightMax: batchBytesMax,
    lane: context.lane,
    metrics: context.metrics,
    run: (starts) => startAll(context, starts),
  });
}

async function startAll(context: DispatchContext, starts: readonly Start[]): Promise<Outcome<Started>[]> {
  const now = context.clock.now();
  const plain =
    starts.every((start) => start.key === undefined) &&
    starts.every((start) => context.knownQueues.has(start.row.orgId, start.row.queue));
  let outcomes: Outcome<Started>[];
  if (plain) {
    await insertWorkflows(context.db, toRows(starts, now));
    outcomes = starts.map(({ row }) => ({ ok: true, value: { id: row.id, isNew: true } }));
  } else {
    outcomes = await startWithKeys(context, starts, now);
  }
  const created = starts.filter((_, index) => isCreated(outcomes[index]));
  hintWork(
    context.bus,
    created.map(({ row }) => ({ kind: "workflow", orgId: row.orgId, queue: row.queue })),
  );
  for (const { row } of created) context.metrics.workflowStarted(row.kind, row.queue);
  return outcomes;
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
      used: starts.map(({ row }) => row),
      known: context.knownQueues,
    });
    const holders = await holdKeys(tx, { now, wanted: wantedKeys(starts, now) });
    const outcomes = starts.map((start) => outcomeOf(start, holders));
    const winners = starts.filter((_, index) => isCreated(outcomes[index]));
    if (winners.length > 0) tx.defer(insertWorkflows(tx, toRows(winners, now)));
    return { outcomes, registered };
  });
  registered.remember();
  return outcomes;
}

/** One entry for each key, for the start that came first. */
function wantedKeys(starts: readonly Start[], now: number): TakeKey[] {
  const wanted = new Map<string, TakeKey>();
  for (const { row, key } of starts) {
    const name = `${row.orgId}/${key?.key}`;
    if (key === undefined || wanted.has(name)) continue;
    wanted.set(name, {
      id: newId(),
      orgId: row.orgId,
      key: key.key,
      workflowId: row.id,
      taskId: null,
      kind: row.kind,
      expiresAt: now + key.ttlSeconds * 1000,
    });
  }
  return [...wanted.values()];
}

/** The start ends up with an execution of its own, or with the one that holds its key. */
function outcomeOf({ row, key }: Start, holders: ReadonlyMap<string, HeldKey>): Outcome<Started> {
  if (key === undefined) return { ok: true, value: { id: row.id, isNew: true } };
  const workflowId = holders.get(`${row.orgId}/${key.key}`)?.workflowId;
  if (workflowId != null) return { ok: true, value: { id: workflowId, isNew: workflowId === row.id } };
  const problem = "idempotency_key: is held by something that is not a workflow";
  return { ok: false, error: new DomainError("AlreadyExists", problem, { field: "idempotency_key" }) };
}

function isCreated(outcome: Outcome<Started> | undefined): boolean {
  return outcome?.ok === true && outcome.value.isNew;
}

function toRows(starts: readonly Start[], now: number) {
  return {
    now,
    workflow: starts.map(({ row }) => row),
    event: starts.flatMap(({ row, change }) =>
      change.events.map((event) => ({
        id: newId(),
        orgId: row.orgId,
        workflowId: row.id,
        run: 1,
        sequence: event.sequence,
        type: event.type,
        data: event.data,
      })),
    ),
    transition: starts.flatMap(({ change }) => toTransitionRows(change.next, change.transitions)),
  };
}
