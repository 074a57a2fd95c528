import type { HeldKey, TakeKey } from "@flovyn/db";
import { isCurrent, newId, type WorkflowCommand } from "@flovyn/domain";
import type { DispatchContext } from "../context.js";
import type { SubmitReads } from "./submit-reads.js";
import type { Applied, Submitted } from "./submitted.js";

/**
 * The idempotency keys that commands ask for, one entry for each key, for the command that comes first. A submission that
 * will not be applied anyway asks for none: an old worker must not keep the key from the one that took over.
 */
export function wantedKeys(submitted: readonly Submitted[], reads: SubmitReads, now: number): Map<string, TakeKey> {
  const wanted = new Map<string, TakeKey>();
  for (const { workflow, submission } of submitted) {
    if (!submission.commands.some(hasKey) || !willApply(() => isCurrent(workflow, submission))) continue;
    const facts = reads.of(workflow);
    for (const command of submission.commands) {
      if (!hasKey(command)) continue;
      const name = `${workflow.orgId}/${command.idempotencyKey}`;
      if (wanted.has(name)) continue;
      const isTask = command.type === "SCHEDULE_TASK";
      wanted.set(name, {
        id: newId(),
        orgId: workflow.orgId,
        key: command.idempotencyKey,
        workflowId: null,
        taskId: isTask ? facts.taskId(command.taskId) : null,
        promiseId: isTask ? null : command.promiseId,
        kind: isTask ? command.kind : "",
        expiresAt: now + command.keyTtlSeconds * 1000,
      });
    }
  }
  return wanted;
}

/**
 * Workflows whose keys a batch of submissions may free, because they end them or cancel them. None when one statement will
 * free them all: the keys of promises of workflows that complete, in a batch that takes no key.
 */
export function keysMayBeFreedOf(
  submitted: readonly Submitted[],
  { takes, cancelled }: { takes: boolean; cancelled: readonly string[] },
): string[] {
  const ended = submitted.filter(({ workflow, submission: { outcome } }) => {
    if (outcome.type === "SUSPENDED") return false;
    const freesOwn = outcome.type !== "COMPLETED" && workflow.hasIdempotencyKey;
    return outcome.type === "CANCELLED" || workflow.hasWaits || freesOwn;
  });
  const byOneStatement = ended.every(({ submission: { outcome } }) => outcome.type === "COMPLETED");
  if (!takes && cancelled.length === 0 && byOneStatement) return [];
  return [...ended.map(({ workflow }) => workflow.id), ...cancelled];
}

type Keyed = Extract<WorkflowCommand, { idempotencyKey: string | null }> & { idempotencyKey: string };

function hasKey(command: WorkflowCommand): command is Keyed {
  return "idempotencyKey" in command && command.idempotencyKey !== null;
}

function willApply(decide: () => boolean): boolean {
  try {
    return decide();
  } catch {
    // The same refusal is thrown again, and answered, where the submission is decided.
    return false;
  }
}

/** Keys that were taken for something that was not created after all. */
export function unusedKeys(
  wanted: ReadonlyMap<string, TakeKey>,
  holders: ReadonlyMap<string, HeldKey>,
  applied: readonly Applied[],
): string[] {
  if (wanted.size === 0) return [];
  const created = new Set(
    applied.flatMap(({ change: { effects } }) => [
      ...effects.tasks.map(({ taskId }) => taskId),
      ...effects.promises.map(({ promiseId }) => promiseId),
    ]),
  );
  return [...wanted].flatMap(([name, key]) => {
    const owner = key.promiseId ?? key.taskId ?? "";
    const holder = holders.get(name);
    const isTaken = (holder?.promiseId ?? holder?.taskId) === owner;
    return isTaken && !created.has(owner) ? [key.id] : [];
  });
}

/** A key of a workflow's task that something else holds is no failure: the task runs without it. */
export function warnOfRefusedTaskKeys(
  context: DispatchContext,
  applied: readonly Applied[],
  holders: ReadonlyMap<string, HeldKey>,
): void {
  if (holders.size === 0) return;
  for (const { workflow, change } of applied) {
    for (const { taskId, idempotencyKey } of change.effects.tasks) {
      if (idempotencyKey === null || holders.get(`${workflow.orgId}/${idempotencyKey}`)?.taskId === taskId) continue;
      context.log.warn({ taskId }, "idempotency key of a task is held by something else");
    }
  }
}
