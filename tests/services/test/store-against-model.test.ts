/**
 * The services on Postgres against the pure machines. Method: fast-check draws command sequences, each for a workflow and
 * queue of its own; eight of them run at the same time over two replicas of each service, so that their operations travel
 * in common batches; after each command the answer, the status, the history and the transitions are compared with what the
 * machines say. A failing set is printed with its seed and shrunk.
 */
import { newId, type Submission, type Task } from "@flovyn/domain";
import { CancelWorkflowRequest, CancelWorkflowResponse } from "@flovyn/proto/ext";
import { ClaimRequest, ClaimResponse, ReleaseRequest, ReleaseResponse } from "@flovyn/proto/internal";
import {
  CancelTaskRequest,
  CommandType,
  CompleteTaskRequest,
  FailTaskRequest,
  StartWorkflowRequest,
  StartWorkflowResponse,
  SubmitWorkflowCommandsRequest,
  type WorkflowCommand,
  WorkflowStatus,
} from "@flovyn/proto/v1";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Cluster } from "./cluster.js";
import { cancelReason, Model } from "./model.js";
import { expectConsistent } from "./whole-database.js";

const sequencesAtOnce = 8;
const rounds = 26;
const worker = "worker";
let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start();
});
afterAll(() => cluster.stop());

const epoch = fc.constantFrom("none", "current", "stale");
const index = fc.nat({ max: 5 });
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("claim" as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("suspend" as const),
      epoch,
      schedules: fc.nat({ max: 3 }),
      again: fc.boolean(),
      seen: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("finish" as const, "break" as const), epoch }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("claimTask" as const) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("completeTask" as const), index, epoch }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("failTask" as const), index, epoch, retryable: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("releaseTask" as const), index }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("release" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cancelTask" as const), index }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const), rarely: fc.nat({ max: 2 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

it(`stores what the machines decide, in ${rounds * sequencesAtOnce} random sequences`, async () => {
  const sequences = fc.array(fc.array(step, { minLength: 10, maxLength: 30 }), {
    minLength: sequencesAtOnce,
    maxLength: sequencesAtOnce,
  });
  await fc.assert(
    fc.asyncProperty(sequences, async (drawn) => {
      await Promise.all(drawn.map((steps) => runSequence(steps)));
    }),
    { numRuns: rounds },
  );
  await expectConsistent(cluster);
}, 600_000);

async function runSequence(steps: readonly Step[]): Promise<void> {
  const queue = newId();
  const facts = { kind: "order", queue, input: Buffer.from('{"n":1.0}') };
  const { kind: workflowKind, input } = facts;
  const started = await cluster.call(
    "dispatch",
    "flovyn.v1.WorkflowDispatch/StartWorkflow",
    [StartWorkflowRequest, StartWorkflowResponse],
    { workflowKind, queue, input },
  );
  const id = started.workflowExecutionId;
  const model = new Model({ ...facts, id, orgId: cluster.orgId, now: cluster.clock.now() });
  for (const next of steps) {
    await apply(model, next);
    await compare(model);
  }
}

async function apply(model: Model, next: Step): Promise<void> {
  const { id, claimEpoch } = model.workflow;
  const tasks = [...model.tasks.values()];
  const picked = "index" in next ? tasks[next.index % Math.max(1, tasks.length)] : undefined;
  const taskExecutionId = picked?.id ?? "";
  switch (next.do) {
    case "claim": {
      const expected = model.claim(worker) ? [id] : [];
      expect(await claimed("dispatch", "internal/ClaimWorkflows", model.workflow.queue)).toEqual(expected);
      return;
    }
    case "claimTask": {
      const claimable = model.claimable();
      const items = await claimed("tasks", "internal/ClaimTasks", model.workflow.queue);
      expect(items).toHaveLength(Math.min(1, claimable.length));
      for (const id of items) {
        expect(claimable).toContain(id);
        model.claimTask(id, worker);
      }
      return;
    }
    case "suspend": {
      const known = next.again && tasks[0] !== undefined ? [tasks[0].id] : [];
      const ids = [...known, ...Array.from({ length: next.schedules }, () => newId())];
      const seen = next.seen ? { seenSequence: model.workflow.sequence } : {};
      await submitBoth(model, { ...epochOf(next.epoch, claimEpoch), ...seen }, ids, { type: "SUSPENDED" });
      return;
    }
    case "finish":
      await submitBoth(model, epochOf(next.epoch, claimEpoch), [], { type: "COMPLETED", output: Buffer.from("1.0") });
      return;
    case "break": {
      const outcome = { type: "FAILED", error: "no", stackTrace: "at", failureType: "Error" } as const;
      await submitBoth(model, epochOf(next.epoch, claimEpoch), [], outcome);
      return;
    }
    case "completeTask": {
      if (picked === undefined) return;
      const report = { ...epochOf(next.epoch, picked.claimEpoch), output: Buffer.from('"done"') };
      const message = { ...report, taskExecutionId };
      const answer = outcomeOf(cluster.send("tasks", taskRpc("CompleteTask"), CompleteTaskRequest, message));
      expect(await answer).toBe(model.complete(picked.id, report));
      return;
    }
    case "failTask": {
      if (picked === undefined) return;
      const report = { ...epochOf(next.epoch, picked.claimEpoch), error: "no", retryable: next.retryable };
      const message = { ...report, taskExecutionId };
      const answer = outcomeOf(cluster.send("tasks", taskRpc("FailTask"), FailTaskRequest, message));
      expect(await answer).toBe(model.fail(picked.id, report));
      return;
    }
    case "releaseTask": {
      if (picked === undefined) return;
      await releaseBoth("tasks", "internal/ReleaseTasks", picked.id, picked.claimEpoch);
      model.releaseTask(picked.id, picked.claimEpoch);
      return;
    }
    case "release":
      await releaseBoth("dispatch", "internal/ReleaseWorkflows", id, claimEpoch);
      model.release(claimEpoch);
      return;
    case "cancelTask": {
      if (picked === undefined) return;
      const answer = outcomeOf(cluster.send("tasks", taskRpc("CancelTask"), CancelTaskRequest, { taskExecutionId }));
      expect(await answer).toBe(model.cancelTask(picked.id));
      return;
    }
    case "cancel": {
      if (next.rarely > 0) return;
      const types = [CancelWorkflowRequest, CancelWorkflowResponse] as const;
      const request = { workflowExecutionId: id, reason: cancelReason };
      await cluster.call("dispatch", "flovyn.ext.v1.WorkflowClient/CancelWorkflow", types, request);
      model.cancel();
      return;
    }
  }
}

const taskRpc = (name: string) => `flovyn.v1.TaskExecution/${name}`;

function epochOf(mode: string, current: number): { claimEpoch?: number } {
  return mode === "none" ? {} : { claimEpoch: mode === "current" ? current : current - 1 };
}

async function outcomeOf(answer: Promise<unknown>): Promise<string> {
  return answer.then(
    () => "OK",
    (error: { code?: string }) => error.code ?? String(error),
  );
}

async function claimed(service: "dispatch" | "tasks", operation: string, queue: string): Promise<string[]> {
  const pollers = [{ workerId: worker, principal: "Worker/principal", leaseMs: 0 }];
  const request = { orgId: cluster.orgId, queue, kinds: [], pollers };
  const { items } = await cluster.call(service, operation, [ClaimRequest, ClaimResponse], request);
  return items.map((item) => item.id);
}

async function releaseBoth(service: "dispatch" | "tasks", operation: string, id: string, claimEpoch: number) {
  await cluster.call(service, operation, [ReleaseRequest, ReleaseResponse], { items: [{ id, claimEpoch }] });
}

/** Sends one submission to the service and to the machine: a recorded operation, the tasks, and the outcome. */
async function submitBoth(
  model: Model,
  header: { claimEpoch?: number; seenSequence?: number },
  taskIds: readonly string[],
  outcome: Submission["outcome"],
): Promise<void> {
  const [input, result] = [Buffer.from("[1]"), Buffer.from("12345678901234567890")];
  const commands: WorkflowCommand[] = [
    {
      ...{ commandType: CommandType.RECORD_OPERATION, sequenceNumber: 1 },
      commandData: { $case: "recordOperation", value: { operationName: "price", result } },
    },
    ...taskIds.map(
      (taskExecutionId): WorkflowCommand => ({
        ...{ commandType: CommandType.SCHEDULE_TASK, sequenceNumber: 1 },
        commandData: { $case: "scheduleTask", value: { kind: "charge", input, taskExecutionId, maxRetries: 1 } },
      }),
    ),
  ];
  if (outcome.type === "COMPLETED") {
    const value = { output: Buffer.from(outcome.output) };
    const commandType = CommandType.COMPLETE_WORKFLOW;
    commands.push({ commandType, sequenceNumber: 1, commandData: { $case: "completeWorkflow", value } });
  } else if (outcome.type === "FAILED") {
    const { error, stackTrace, failureType } = outcome;
    const value = { error, stackTrace, failureType };
    const commandType = CommandType.FAIL_WORKFLOW;
    commands.push({ commandType, sequenceNumber: 1, commandData: { $case: "failWorkflow", value } });
  }
  const status = WorkflowStatus[outcome.type];
  const request = { workflowExecutionId: model.workflow.id, status, commands, ...header };
  const operation = "flovyn.v1.WorkflowDispatch/SubmitWorkflowCommands";
  const answer = await outcomeOf(cluster.send("dispatch", operation, SubmitWorkflowCommandsRequest, request));
  const expected = model.submit({
    commands: [
      { type: "RECORD_OPERATION", name: "price", result },
      ...taskIds.map((taskId) => ({
        ...{ type: "SCHEDULE_TASK" as const, taskId, kind: "charge", input, maxRetries: 1, timeoutMs: null },
        ...{ queue: null, priorityMs: 0, retryPolicy: null, idempotencyKey: null, keyTtlSeconds: 86_400 },
      })),
    ],
    outcome,
    ...header,
  });
  expect(answer).toBe(expected);
}

const movesQuery = (table: string, key: string) =>
  `select ${key} as id, from_state as "from", to_state as "to", actor_type, actor_id, reason, attempt,
    claim_epoch as "claimEpoch", sort_key as "sortKey" from ${table}`;

async function compare(model: Model): Promise<void> {
  const { workflow } = model;
  const id = [workflow.id];
  const [stored, events, moves, tasks, taskMoves] = await Promise.all([
    cluster.rows(
      `select status, current_sequence as sequence, external_sequence as "externalSequence", wake_pending as "wakePending",
        claim_epoch as "claimEpoch", worker_id as "workerId", transition_count as "transitionCount"
       from workflow_execution where id = $1`,
      id,
    ),
    cluster.rows(
      `select sequence_number as sequence, event_type as type, convert_from(event_data, 'UTF8') as data
       from workflow_event where workflow_execution_id = $1 order by sequence_number`,
      id,
    ),
    cluster.rows(
      `${movesQuery("workflow_transition", "workflow_execution_id")}
      where workflow_execution_id = $1 order by sort_key`,
      id,
    ),
    cluster.rows(
      `select id, status, execution_count as "executionCount", failure_count as "failureCount", reclaim_count as "reclaimCount",
        claim_epoch as "claimEpoch", worker_id as "workerId", transition_count as "transitionCount", error
       from task_execution where workflow_execution_id = $1 order by id`,
      id,
    ),
    cluster.rows(
      `${movesQuery("task_transition", "task_execution_id")}
      where task_execution_id in (select id from task_execution where workflow_execution_id = $1)
      order by task_execution_id, sort_key`,
      id,
    ),
  ]);
  const { status, sequence, externalSequence, wakePending, claimEpoch, workerId, transitionCount } = workflow;
  expect(stored).toEqual([{ status, sequence, externalSequence, wakePending, claimEpoch, workerId, transitionCount }]);
  expect(events).toEqual(model.events.map((event) => ({ ...event, data: Buffer.from(event.data).toString() })));
  expect(moves).toEqual(model.moves.map((move) => toRow(workflow.id, move)));
  const sorted = [...model.tasks.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  expect(tasks).toEqual(sorted.map(toTaskRow));
  expect(taskMoves).toEqual(
    sorted.flatMap((task) => (model.taskMoves.get(task.id) ?? []).map((move) => toRow(task.id, move))),
  );
}

function toRow(id: string, move: Model["moves"][number] | { actor: { type: string; id: string } }) {
  const { actor, ...facts } = move;
  return { id, ...facts, actor_type: actor.type, actor_id: actor.id };
}

function toTaskRow(task: Task) {
  const { id, status, executionCount, failureCount, reclaimCount, claimEpoch, workerId, transitionCount, error } = task;
  return { id, status, executionCount, failureCount, reclaimCount, claimEpoch, workerId, transitionCount, error };
}
