import { hintWork } from "@flovyn/bus";
import { findKeys, insertWorkflows, type NewWorkflowRow, registerQueues, takeKeys, toTransitionRows } from "@flovyn/db";
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
  let results: Started[];
  if (plain) {
    await insertWorkflows(context.db, toRows(starts, now));
    results = starts.map((start) => ({ id: start.row.id, isNew: true }));
  } else {
    results = await startWithKeys(context, starts, now);
  }
  const created = starts.filter((_, index) => results[index]?.isNew);
  hintWork(
    context.bus,
    created.map(({ row }) => ({ kind: "workflow", orgId: row.orgId, queue: row.queue })),
  );
  for (const { row } of created) context.metrics.workflowStarted(row.kind, row.queue);
  return results.map((value) => ({ ok: true, value }));
}

/** One transaction: queues, keys, executions. Of several starts with one key the first one creates. */
async function startWithKeys(context: DispatchContext, starts: readonly Start[], now: number): Promise<Started[]> {
  const registered = { remember: () => {} };
  const results = await context.db.transaction(async (tx) => {
    Object.assign(
      registered,
      await registerQueues(tx, {
        now,
        registeredBy: "start_workflow",
        used: starts.map(({ row }) => row),
        known: context.knownQueues,
      }),
    );
    const firstOfKey = new Map<string, Start>();
    for (const start of starts) {
      const name = keyName(start);
      if (name !== undefined && !firstOfKey.has(name)) firstOfKey.set(name, start);
    }
    const holders = await takeOrFind(tx, firstOfKey, now);
    const winners = starts.filter((start) => holderOf(start, holders) === start.row.id);
    if (winners.length > 0) tx.defer(insertWorkflows(tx, toRows(winners, now)));
    return starts.map((start) => {
      const id = holderOf(start, holders);
      return { id, isNew: id === start.row.id };
    });
  });
  registered.remember();
  return results;
}

type Transaction = Parameters<Parameters<DispatchContext["db"]["transaction"]>[0]>[0];

/** The execution that holds each key after this: one of ours, or the one that had it before. */
async function takeOrFind(
  tx: Transaction,
  firstOfKey: ReadonlyMap<string, Start>,
  now: number,
): Promise<Map<string, string>> {
  const holders = new Map<string, string>();
  if (firstOfKey.size === 0) return holders;
  const wanted = [...firstOfKey.values()].map(({ row, key }) => ({
    id: newId(),
    orgId: row.orgId,
    key: key?.key ?? "",
    workflowId: row.id,
    taskId: null,
    expiresAt: now + (key?.ttlSeconds ?? 0) * 1000,
  }));
  const taken = await takeKeys(tx, { now, wanted });
  for (const [name, start] of firstOfKey) if (taken.has(name)) holders.set(name, start.row.id);
  const held = wanted.filter(({ orgId, key }) => !taken.has(`${orgId}/${key}`));
  if (held.length === 0) return holders;
  const found = await findKeys(tx, held);
  for (const { orgId, key } of held) {
    const name = `${orgId}/${key}`;
    const workflowId = found.get(name)?.workflowId;
    if (workflowId == null) {
      throw new DomainError("AlreadyExists", "idempotency_key: is held by something that is not a workflow", {
        field: "idempotency_key",
      });
    }
    holders.set(name, workflowId);
  }
  return holders;
}

function keyName(start: Start): string | undefined {
  return start.key === undefined ? undefined : `${start.row.orgId}/${start.key.key}`;
}

function holderOf(start: Start, holders: ReadonlyMap<string, string>): string {
  const name = keyName(start);
  return name === undefined ? start.row.id : (holders.get(name) ?? start.row.id);
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
