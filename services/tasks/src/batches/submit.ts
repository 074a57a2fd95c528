import { hintDue, hintWork } from "@flovyn/bus";
import { holdKeys, insertTasks, lockNamedWorkflows, type NewTaskRow, registerQueues, type TakeKey } from "@flovyn/db";
import { type Actor, DomainError, isWorkflowTerminal, missingOf, newId } from "@flovyn/domain";
import { type Batcher, createBatcher, type Outcome } from "@flovyn/runtime";
import type { TasksContext } from "../context.js";
import { batchBytesMax } from "./report.js";

/** A task as its caller asked for it; partition and root follow from its workflow, if it has one. */
export interface SubmitTask {
  row: Omit<NewTaskRow, "deadlineAt">;
  timeoutMs: number | null;
  key: { key: string; ttlSeconds: number } | undefined;
  actor: Actor;
}

export interface SubmittedTask {
  id: string;
  isNew: boolean;
}

/** Creates standalone tasks, and tasks attached to a workflow, in batches. */
export function createSubmitBatcher(context: TasksContext): Batcher<SubmitTask, SubmittedTask> {
  return createBatcher<SubmitTask, SubmittedTask>({
    name: "task.submit",
    weightOf: (submit) => submit.row.input.byteLength,
    weightMax: batchBytesMax,
    lane: context.lane,
    metrics: context.metrics,
    run: (submits) => submitAll(context, submits),
  });
}

async function submitAll(context: TasksContext, submits: readonly SubmitTask[]): Promise<Outcome<SubmittedTask>[]> {
  const now = context.clock.now();
  const needsLookup = submits.some(
    ({ row, key }) => key !== undefined || row.workflowId !== null || !context.knownQueues.has(row.orgId, row.queue),
  );
  let outcomes: Outcome<SubmittedTask>[];
  if (needsLookup) {
    outcomes = await submitWithLookups(context, submits, now);
  } else {
    await insertTasks(context.db, toRows(submits, now));
    outcomes = submits.map(({ row }) => ({ ok: true, value: { id: row.id, isNew: true } }));
  }
  const created = submits.filter((_, index) => isCreated(outcomes[index]));
  hintWork(
    context.bus,
    created.map(({ row }) => ({ kind: "task", orgId: row.orgId, queue: row.queue })),
  );
  const deadlines = created.map(({ timeoutMs }) => (timeoutMs === null ? null : now + timeoutMs));
  hintDue(context.bus, "tasks", deadlines, now);
  for (const { row } of created) context.metrics.taskSubmitted(row);
  return outcomes;
}

function isCreated(outcome: Outcome<SubmittedTask> | undefined): boolean {
  return outcome?.ok === true && outcome.value.isNew;
}

async function submitWithLookups(
  context: TasksContext,
  submits: readonly SubmitTask[],
  now: number,
): Promise<Outcome<SubmittedTask>[]> {
  const { outcomes, registered } = await context.db.transaction(async (tx) => {
    const owners = submits.flatMap(({ row: { orgId, workflowId } }) =>
      workflowId === null ? [] : [{ orgId, id: workflowId }],
    );
    const workflows = await lockNamedWorkflows(tx, owners);
    const registered = await registerQueues(tx, {
      now,
      registeredBy: "submit_task",
      used: submits.map(({ row }) => row),
      known: context.knownQueues,
    });
    const attached = submits.map((submit): SubmitTask | DomainError => {
      const { row } = submit;
      if (row.workflowId === null) return submit;
      const workflow = workflows.get(row.workflowId);
      if (workflow === undefined || workflow.orgId !== row.orgId) {
        return missingOf("workflow_execution_id", "there is no such workflow execution");
      }
      if (isWorkflowTerminal(workflow.status)) {
        return new DomainError("WrongState", `the workflow is ${workflow.status}`, { reason: "NOT_ACTIVE" });
      }
      const { partitionKey, rootExecutionId: rootId, traceparent } = workflow;
      return { ...submit, row: { ...row, partitionKey, rootId, traceparent } };
    });
    const accepted = attached.filter((submit): submit is SubmitTask => !(submit instanceof DomainError));
    const holders = await holdKeys(tx, { now, wanted: wantedKeys(accepted, now) });
    const outcomes = attached.map((submit): Outcome<SubmittedTask> => {
      if (submit instanceof DomainError) return { ok: false, error: submit };
      const holder = submit.key === undefined ? undefined : holders.get(keyName(submit));
      const id = submit.key === undefined ? submit.row.id : holder?.taskId;
      if (id == null || (holder !== undefined && holder.kind !== submit.row.kind)) {
        return { ok: false, error: keyTaken() };
      }
      return { ok: true, value: { id, isNew: id === submit.row.id } };
    });
    const winners = attached.filter(
      (submit, index): submit is SubmitTask => !(submit instanceof DomainError) && isCreated(outcomes[index]),
    );
    if (winners.length > 0) tx.defer(insertTasks(tx, toRows(winners, now)));
    return { outcomes, registered };
  });
  registered.remember();
  return outcomes;
}

/** One entry for each key, for the task that came first. */
function wantedKeys(submits: readonly SubmitTask[], now: number): TakeKey[] {
  const wanted = new Map<string, TakeKey>();
  for (const submit of submits) {
    const { row, key } = submit;
    if (key === undefined || wanted.has(keyName(submit))) continue;
    wanted.set(keyName(submit), {
      id: newId(),
      orgId: row.orgId,
      key: key.key,
      workflowId: null,
      taskId: row.id,
      promiseId: null,
      kind: row.kind,
      expiresAt: now + key.ttlSeconds * 1000,
    });
  }
  return [...wanted.values()];
}

function keyTaken(): DomainError {
  return new DomainError("AlreadyExists", "idempotency_key: is held by an execution of another kind", {
    field: "idempotency_key",
  });
}

function keyName({ row, key }: SubmitTask): string {
  return `${row.orgId}/${key?.key ?? ""}`;
}

function toRows(submits: readonly SubmitTask[], now: number) {
  return {
    now,
    task: submits.map(({ row, timeoutMs }) => ({ ...row, deadlineAt: timeoutMs === null ? null : now + timeoutMs })),
    transition: submits.map(({ row, actor }) => ({
      id: newId(),
      orgId: row.orgId,
      entityId: row.id,
      fromState: null,
      toState: "PENDING",
      actorType: actor.type,
      actorId: actor.id,
      reason: null,
      attempt: 0,
      claimEpoch: 0,
      sortKey: 1,
      mostRecent: true,
    })),
  };
}
