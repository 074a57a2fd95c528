import { announce, hintDue } from "@flovyn/bus";
import {
  cancelTimers,
  findKeysOf,
  giveBackKeys,
  holdKeys,
  insertPromises,
  insertTasks,
  insertTimers,
  insertWorkflows,
  isUniqueViolation,
  lockNamedWorkflows,
  type NewWorkflow,
  registerQueues,
  settlePromises,
  type Transaction,
  WorkflowChanges,
  writeWorkflowState,
} from "@flovyn/db";
import { type Actor, commandsPerSubmissionMax, DomainError, type Submission, submit } from "@flovyn/domain";
import { type Batcher, createBatcher, type Outcome, reportWorkflows } from "@flovyn/runtime";
import { type Cancellation, cancelLocked, cancelOpenTasks } from "../cancel-workflows.js";
import type { DispatchContext } from "../context.js";
import { noSuchWorkflow } from "../ended-workflows.js";
import { childrenToCancel, nameChildrenById } from "../submit/children-by-id.js";
import {
  toCancelledTimers,
  toPromiseRows,
  toResolvedPromises,
  toStateWrites,
  toTaskRows,
  toTimerRows,
} from "../submit/effect-rows.js";
import { toNewChildren } from "../submit/new-children.js";
import { pausesOf } from "../submit/pauses.js";
import { keysMayBeFreedOf, unusedKeys, wantedKeys, warnOfRefusedTaskKeys } from "../submit/submit-keys.js";
import { type CommandOf, SubmitReads } from "../submit/submit-reads.js";
import type { Applied, Submitted } from "../submit/submitted.js";
import type { Ends } from "./ends.js";
import { announceStarted, batchBytesMax } from "./start.js";

export interface Submit {
  orgId: string;
  workflowId: string;
  submission: Submission;
}

/** Applies activation outcomes in batches: lock the workflows, decide each, write all, commit, hint. */
export function createSubmitBatcher(context: DispatchContext, ends: Ends): Batcher<Submit, void> {
  return createBatcher<Submit, void>({
    name: "workflow.submit",
    weightOf: ({ submission }) => submissionBytes(submission) + submission.commands.length * commandBytes,
    weightMax: batchBytesMax,
    lane: context.lane,
    metrics: context.metrics,
    run: (items) => againWhenTaken(() => submitAll(context, ends, items)),
  });
}

/**
 * Workers choose the ids of tasks and children. When somebody else commits one between the look and the write, the second
 * try sees it, and decides.
 */
async function againWhenTaken<T>(submitOnce: () => Promise<T>): Promise<T> {
  try {
    return await submitOnce();
  } catch (error) {
    if (isUniqueViolation(error)) return submitOnce();
    throw error;
  }
}

async function submitAll(context: DispatchContext, ends: Ends, given: readonly Submit[]): Promise<Outcome<void>[]> {
  const now = context.clock.now();
  const pause = pausesOf(given.reduce((sum, { submission }) => sum + submission.commands.length, 0));
  const { outcomes, changes, applied, children, registered } = await context.db.transaction(async (tx) => {
    const items = await nameChildrenById(tx, given);
    const named = [...items.map(({ orgId, workflowId }) => ({ orgId, id: workflowId })), ...childrenToCancel(items)];
    const [locked, reads] = await Promise.all([lockNamedWorkflows(tx, named), SubmitReads.load(tx, commandsOf(items))]);
    const changes = new WorkflowChanges(locked);
    const { outcomes, applied } = await decideAll(context, { tx, changes, reads, items, now });
    await pause();
    const children = toNewChildren(applied, now);
    for (const { change } of children) changes.adopt(change.next);
    const registered = await registerQueues(tx, {
      now,
      registeredBy: "workflow",
      used: [
        ...applied.flatMap(({ workflow, change }) =>
          change.effects.tasks.map(({ queue }) => ({ orgId: workflow.orgId, queue })),
        ),
        ...children.map(({ change }) => change.next),
      ],
      known: context.knownQueues,
    });
    // What an end closes has to be there before, also what a child submits in the batch that cancels it: inserts come first.
    await pause();
    writeEffects(tx, applied, children, now);
    await pause();
    await cancelLocked(tx, changes, childCancellations(applied), now);
    await cancelOpenTasks(tx, givenUp(applied), now);
    changes.write(tx, now);
    return { outcomes, changes, applied, children, registered };
  });
  registered.remember();
  afterCommit(context, ends, { changes, applied, children, now });
  return outcomes;
}

function commandsOf(items: readonly Submit[]): CommandOf[] {
  return items.flatMap(({ orgId, workflowId, submission }) =>
    submission.commands.map((command) => ({ orgId, workflowId, command })),
  );
}

interface SubmitBatch {
  tx: Transaction;
  changes: WorkflowChanges;
  reads: SubmitReads;
  items: readonly Submit[];
  now: number;
}

/** Decides the items one after the other; a refused one leaves the others alone. */
async function decideAll(context: DispatchContext, batch: SubmitBatch) {
  const { tx, changes, reads, items, now } = batch;
  const known = items.map((item): Submitted | undefined => {
    const workflow = changes.get(item.workflowId);
    return workflow?.orgId === item.orgId ? { workflow, submission: item.submission } : undefined;
  });
  const submitted = known.filter((one) => one !== undefined);
  const wanted = wantedKeys(submitted, reads, now);
  const cancelled = childrenToCancel(items).flatMap(({ id }) => (changes.get(id) === undefined ? [] : [id]));
  const mayFree = keysMayBeFreedOf(submitted, { takes: wanted.size > 0, cancelled });
  const freed = await findKeysOf(tx, mayFree);
  const holders = await holdKeys(tx, { now, wanted: [...wanted.values()], freed });
  await reads.addHolders(tx, holders);
  const applied: Applied[] = [];
  const outcomes = items.map((item): Outcome<void> => {
    try {
      const workflow = changes.get(item.workflowId);
      if (workflow?.orgId !== item.orgId) throw noSuchWorkflow();
      const change = submit(workflow, item.submission, reads.of(workflow), now, context.config.limits.history);
      const { outcome } = item.submission;
      changes.add(change, outcome.type === "SUSPENDED" ? outcome.reason : undefined);
      reads.learn(workflow, change);
      if (change.applied) applied.push({ workflow, change });
      return { ok: true, value: undefined };
    } catch (error) {
      if (error instanceof DomainError) return { ok: false, error };
      throw error;
    }
  });
  const unused = unusedKeys(wanted, holders, applied);
  if (unused.length > 0) tx.defer(giveBackKeys(tx, unused));
  warnOfRefusedTaskKeys(context, applied, holders);
  return { outcomes, applied };
}

function childCancellations(applied: readonly Applied[]) {
  return applied.flatMap(({ workflow, change }) => {
    const actor: Actor = { type: "worker", id: workflow.workerId ?? "" };
    return [...change.effects.cancelledChildren].map(([workflowId, reason]) => ({ workflowId, reason, actor }));
  });
}

/** Workflows whose worker ended them as cancelled: their open tasks go with them, those of the same submission, too. */
function givenUp(applied: readonly Applied[]): Map<string, Cancellation> {
  return new Map(
    applied.flatMap(({ workflow, change: { next } }) => {
      if (next.status !== "CANCELLED") return [];
      const actor: Actor = { type: "system", id: next.cancellation?.by ?? "" };
      return [[workflow.id, { workflowId: workflow.id, reason: next.cancellation?.reason ?? "", actor }]];
    }),
  );
}

function writeEffects(tx: Transaction, applied: readonly Applied[], children: readonly NewWorkflow[], now: number) {
  const timers = toTimerRows(applied);
  if (timers.length > 0) tx.defer(insertTimers(tx, { now, timer: timers }));
  const cancelled = toCancelledTimers(applied);
  if (cancelled.length > 0) tx.defer(cancelTimers(tx, { now, cancelled }));
  const promises = toPromiseRows(applied);
  if (promises.length > 0) tx.defer(insertPromises(tx, { now, promise: promises }));
  const settled = toResolvedPromises(applied);
  if (settled.length > 0) settlePromises(tx, { now, settled });
  if (children.length > 0) tx.defer(insertWorkflows(tx, now, children));
  const tasks = toTaskRows(applied, now);
  if (tasks.task.length > 0) tx.defer(insertTasks(tx, { now, ...tasks }));
  writeWorkflowState(tx, now, toStateWrites(applied));
}

interface Committed {
  changes: WorkflowChanges;
  applied: readonly Applied[];
  children: readonly NewWorkflow[];
  now: number;
}

/** Queues with work, workflows that ended, times that are due earlier than known. */
function afterCommit(context: DispatchContext, ends: Ends, { changes, applied, children, now }: Committed): void {
  const tasks = applied.flatMap(({ workflow, change }) =>
    change.effects.tasks.map(({ kind, queue }) => ({ orgId: workflow.orgId, kind, queue })),
  );
  announceStarted(context, children, now);
  announce(context.bus, changes, now, [...tasks.map(({ orgId, queue }) => ({ kind: "task" as const, orgId, queue }))]);
  for (const task of tasks) context.metrics.taskSubmitted(task);
  reportWorkflows(context, changes);
  ends.follow(changes.ended());
  hintDueTimes(context, applied, now);
}

function hintDueTimes({ bus }: DispatchContext, applied: readonly Applied[], now: number): void {
  const effects = applied.map(({ change }) => change.effects);
  const timers = effects.flatMap((effect) => effect.timers.map(({ fireAtMs }) => fireAtMs));
  const promises = effects.flatMap((effect) => effect.promises.map(({ timeoutAtMs }) => timeoutAtMs));
  const tasks = effects.flatMap((effect) => effect.tasks.map(({ timeoutMs }) => timeoutMs && now + timeoutMs));
  hintDue(bus, "timers", timers, now);
  hintDue(bus, "promises", promises, now);
  hintDue(bus, "tasks", tasks, now);
}

/** What a command weighs beside its payload: a submission of as many commands as are allowed is a batch of its own. */
const commandBytes = Math.ceil(batchBytesMax / commandsPerSubmissionMax);

function submissionBytes(submission: Submission): number {
  let bytes = submission.outcome.type === "COMPLETED" ? submission.outcome.output.byteLength : 0;
  for (const command of submission.commands) {
    if ("result" in command) bytes += command.result.byteLength;
    else if ("value" in command) bytes += command.value.byteLength;
    else if ("input" in command) bytes += command.input.byteLength;
  }
  return bytes;
}
