import { endedSubject } from "@flovyn/bus";
import { newId } from "@flovyn/domain";
import { AwaitResultRequest, AwaitResultResponse } from "@flovyn/proto/ext";
import { EndedHint, ListEventsRequest, ListEventsResponse } from "@flovyn/proto/internal";
import {
  CommandType,
  GetEventsRequest,
  GetEventsResponse,
  type WorkflowCommand,
  WorkflowStatus,
} from "@flovyn/proto/v1";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { command, dispatchRpc, Harness } from "./harness.js";

const harness = new Harness();
beforeAll(async () => void (await harness.start()));
afterAll(() => harness.stop());

/** Everything a submission may leave behind for one workflow. */
async function traces(id: string) {
  const [row] = await harness.rows(
    `select status, claim_epoch, current_sequence, transition_count,
      (select count(*)::int from workflow_event where workflow_execution_id = $1) as events,
      (select count(*)::int from workflow_state where workflow_execution_id = $1) as state,
      (select count(*)::int from task_execution where workflow_execution_id = $1) as tasks
     from workflow_execution where id = $1`,
    [id],
  );
  return row;
}

describe("SubmitWorkflowCommands", () => {
  it("writes events, state and tasks in order, and hints both queues", async () => {
    const execution = await harness.running();
    const [first, second] = [newId(), newId()];
    const hints = await harness.hints("task", execution.queue);
    const elsewhere = await harness.hints("task", "gpu");
    await harness.submit({
      workflowExecutionId: execution.id,
      claimEpoch: execution.claimEpoch,
      commands: [
        command.record("price", "12.50"),
        command.setState("a", "1"),
        command.setState("b", '"x"'),
        command.clearState("b"),
        command.schedule(first),
        command.schedule(second, { queue: "gpu", maxRetries: 0, timeoutMs: 5_000, prioritySeconds: 7 }),
      ],
    });
    expect(await harness.events(execution.id)).toEqual([
      "WORKFLOW_STARTED",
      "OPERATION_COMPLETED",
      "STATE_SET",
      "STATE_SET",
      "STATE_CLEARED",
      "TASK_SCHEDULED",
      "TASK_SCHEDULED",
    ]);
    expect(await harness.status(execution.id)).toBe("WAITING");
    expect([await hints.count(), await elsewhere.count()]).toEqual([1, 1]);
    const state = await harness.rows(
      "select key, convert_from(value, 'UTF8') as value from workflow_state where workflow_execution_id = $1",
      [execution.id],
    );
    expect(state).toEqual([{ key: "a", value: "1" }]);
    const tasks = await harness.rows(
      `select task.id, task.queue, max_retries, scheduled_sequence, task.priority_ms::int,
        extract(epoch from task.deadline_at - task.created_at)::int as deadline_s,
        task.partition_key = owner.partition_key and task.root_execution_id = owner.id as together, task.traceparent = owner.traceparent as traced
       from task_execution task join workflow_execution owner on owner.id = task.workflow_execution_id
       where owner.id = $1 order by scheduled_sequence`,
      [execution.id],
    );
    const facts = { together: true, traced: true };
    expect(tasks).toEqual([
      {
        id: first,
        queue: execution.queue,
        max_retries: 3,
        scheduled_sequence: 6,
        priority_ms: 0,
        deadline_s: null,
        ...facts,
      },
      { id: second, queue: "gpu", max_retries: 0, scheduled_sequence: 7, priority_ms: 7000, deadline_s: 5, ...facts },
    ]);
  });

  it("SP-10 leaves the transitions of a plain run in exact order, and the payload as it came", async () => {
    const execution = await harness.running();
    const ended = await harness.subscribe(endedSubject(harness.orgId));
    const output = '{"total": 12345678901234567890, "rate": 1.0}';
    await harness.submit({
      workflowExecutionId: execution.id,
      status: WorkflowStatus.COMPLETED,
      commands: [command.complete(output)],
    });
    const rows = await harness.rows(
      `select from_state, to_state, actor_type, attempt, claim_epoch, sort_key, most_recent
       from workflow_transition where workflow_execution_id = $1 order by sort_key`,
      [execution.id],
    );
    expect(rows).toEqual([
      {
        from_state: null,
        to_state: "PENDING",
        actor_type: "worker",
        attempt: 1,
        claim_epoch: 0,
        sort_key: 1,
        most_recent: false,
      },
      {
        from_state: "PENDING",
        to_state: "RUNNING",
        actor_type: "worker",
        attempt: 1,
        claim_epoch: 1,
        sort_key: 2,
        most_recent: false,
      },
      {
        from_state: "RUNNING",
        to_state: "COMPLETED",
        actor_type: "worker",
        attempt: 1,
        claim_epoch: 1,
        sort_key: 3,
        most_recent: true,
      },
    ]);
    const types = [GetEventsRequest, GetEventsResponse] as const;
    const { events } = await harness.call(dispatchRpc("GetEvents"), types, { workflowExecutionId: execution.id });
    expect(events.at(-1)?.eventData.toString()).toBe(`{"output":${output}}`);
    await harness.bus.flush();
    expect(ended.payloads.map((payload) => EndedHint.decode(payload).workflowExecutionIds)).toEqual([[execution.id]]);
    const result = await harness.call(
      "flovyn.ext.v1.WorkflowClient/AwaitResult",
      [AwaitResultRequest, AwaitResultResponse],
      {
        workflowExecutionId: execution.id,
      },
    );
    expect(result.status).toBe("COMPLETED");
    expect(result.output?.toString()).toBe(output);
  });

  it("SP-24 answers reads with the wrong partition tag like a missing execution", async () => {
    const { workflowExecutionId: id } = await harness.startWorkflow();
    const [row] = await harness.rows<{ partition_key: number }>(
      "select partition_key from workflow_execution where id = $1",
      [id],
    );
    const right = row?.partition_key ?? 0;
    const types = [GetEventsRequest, GetEventsResponse] as const;
    const resultTypes = [AwaitResultRequest, AwaitResultResponse] as const;
    const reads = [
      (workflowExecutionId: string) => harness.call(dispatchRpc("GetEvents"), types, { workflowExecutionId }),
      (workflowExecutionId: string) =>
        harness.call("flovyn.ext.v1.WorkflowClient/AwaitResult", resultTypes, { workflowExecutionId }),
      (workflowExecutionId: string) =>
        harness.call("internal/ListEvents", [ListEventsRequest, ListEventsResponse], { workflowExecutionId }),
    ];
    for (const read of reads) {
      await read(`{fp:${right}}:${id}`);
      await expect(read(`{fp:${(right + 1) % 256}}:${id}`)).rejects.toMatchObject({ code: "NotFound" });
    }
  });

  it("refuses a stale epoch, changes nothing, and accepts a repeat of what it applied", async () => {
    const execution = await harness.running();
    const { id, claimEpoch } = execution;
    await expect(harness.submit({ workflowExecutionId: id, claimEpoch: claimEpoch + 1 })).rejects.toMatchObject({
      code: "StaleClaim",
      reason: "STALE_LEASE",
    });
    const submission = { workflowExecutionId: id, claimEpoch, commands: [command.schedule(newId())] };
    await harness.submit(submission);
    const after = await traces(id);
    await harness.submit(submission);
    expect(await traces(id)).toEqual(after);
    await expect(harness.submit({ workflowExecutionId: id })).rejects.toMatchObject({
      code: "WrongState",
      reason: "NOT_ACTIVE",
    });
  });

  it("takes the epoch of the request metadata where the message has none", async () => {
    const { id, claimEpoch } = await harness.running();
    const stale = harness.submit({ workflowExecutionId: id }, { claimEpoch: claimEpoch - 1 });
    await expect(stale).rejects.toMatchObject({ code: "StaleClaim" });
    await harness.submit({ workflowExecutionId: id }, { claimEpoch });
  });

  it("applies two submissions of one claim that arrive together once", async () => {
    const { id, claimEpoch } = await harness.running();
    const submission = { workflowExecutionId: id, claimEpoch, commands: [command.record("once", "1")] };
    await Promise.all([harness.submit(submission), harness.submit(submission), harness.submit(submission)]);
    expect(await harness.events(id)).toEqual(["WORKFLOW_STARTED", "OPERATION_COMPLETED"]);
  });

  const oversized = "1".repeat(4 * 1024 * 1024);
  const bare = (commandType: CommandType): WorkflowCommand => ({
    commandType,
    sequenceNumber: 1,
    commandData: undefined,
  });
  it.each([
    ["commands[1].schedule_task.kind", "InvalidInput", [command.schedule(newId(), { kind: " " })]],
    ["commands[1].schedule_task.task_execution_id", "InvalidInput", [command.schedule("7")]],
    ["commands[1].schedule_task.max_retries", "InvalidInput", [command.schedule(newId(), { maxRetries: -1 })]],
    ["commands[1].schedule_task.queue", "InvalidInput", [command.schedule(newId(), { queue: "ü" })]],
    ["commands[1].schedule_task.timeout_ms", "InvalidInput", [command.schedule(newId(), { timeoutMs: -5 })]],
    ["commands[1].schedule_task.retry_policy", "InvalidInput", [command.schedule(newId(), { retryPolicy: "[]" })]],
    ["commands[1].record_operation.operation_name", "InvalidInput", [command.record("", "1")]],
    ["commands[1].record_operation.result", "PayloadTooLarge", [command.record("big", oversized)]],
    ["commands[1].set_state.key", "InvalidInput", [command.setState("a\0", "1")]],
    ["commands[1].set_state", "InvalidInput", [bare(CommandType.SET_STATE)]],
    ["commands[1].command_type", "InvalidInput", [bare(99 as CommandType)]],
    ["commands[2]", "InvalidInput", [command.complete("1"), command.record("late", "1")]],
  ])("refuses the whole submission for %s", async (field, code, bad) => {
    const { id } = await harness.running();
    const before = await traces(id);
    const commands = [command.setState("before", "1"), ...bad];
    await expect(harness.submit({ workflowExecutionId: id, commands })).rejects.toMatchObject({
      code,
      field,
      message: expect.stringContaining(field),
    });
    expect(await traces(id)).toEqual(before);
  });

  it.each([
    "SCHEDULE_TASK",
    "CREATE_PROMISE",
    "RESOLVE_PROMISE",
    "SCHEDULE_CHILD_WORKFLOW",
    "START_TIMER",
    "CANCEL_TIMER",
    "REQUEST_CANCEL_CHILD_WORKFLOW",
  ] as const)("refuses the whole submission for a %s command without its payload", async (name) => {
    const { id } = await harness.running();
    const before = await traces(id);
    const commands = [command.setState("before", "1"), bare(CommandType[name])];
    await expect(harness.submit({ workflowExecutionId: id, commands })).rejects.toMatchObject({
      code: "InvalidInput",
      message: `commands[1].${name.toLowerCase()}: is required by its command_type`,
    });
    expect(await traces(id)).toEqual(before);
  });

  it.each([
    [undefined, undefined, 86_400],
    [3_600_000, undefined, 86_400],
    [7 * 86_400_000, undefined, 7 * 86_400],
    [60 * 86_400_000, undefined, 2_592_000],
    [7 * 86_400_000, 60, 60],
  ])("keeps the key of a promise with timeout %s and lifetime %s for %s s", async (timeoutMs, ttlSeconds, kept) => {
    const { id } = await harness.running();
    const value = { promiseId: "p", timeoutMs, idempotencyKey: id, idempotencyKeyTtlSeconds: ttlSeconds };
    const commandData = { $case: "createPromise" as const, value };
    const commands = [{ commandType: CommandType.CREATE_PROMISE, sequenceNumber: 1, commandData }];
    await harness.submit({ workflowExecutionId: id, commands });
    const text = "select extract(epoch from expires_at - created_at)::int as kept from idempotency_key where key = $1";
    expect(await harness.rows(text, [id])).toEqual([{ kept }]);
  });

  it("refuses a status that no activation ends with, and a suspend that ends the workflow", async () => {
    const { id } = await harness.running();
    for (const status of [WorkflowStatus.WORKFLOW_STATUS_UNSPECIFIED, WorkflowStatus.RUNNING]) {
      const refusal = harness.submit({ workflowExecutionId: id, status });
      await expect(refusal).rejects.toMatchObject({ code: "InvalidInput", field: "status" });
    }
    const both = harness.submit({ workflowExecutionId: id, commands: [command.complete("1")] });
    await expect(both).rejects.toMatchObject({ code: "InvalidInput", field: "status" });
  });

  it("answers another org's workflow, a missing one and a bad id without touching anything", async () => {
    const { id } = await harness.running();
    await expect(harness.submit({ workflowExecutionId: id }, harness.foreign)).rejects.toMatchObject({
      code: "NotFound",
    });
    await expect(harness.submit({ workflowExecutionId: newId() })).rejects.toMatchObject({ code: "NotFound" });
    await expect(harness.submit({ workflowExecutionId: "x" })).rejects.toMatchObject({
      code: "InvalidInput",
      field: "workflow_execution_id",
      reason: "INVALID_UUID",
    });
    expect(await harness.status(id)).toBe("RUNNING");
  });

  it("refuses a known task id of another workflow or kind as a whole; schedules its own again without an event", async () => {
    const [taskId, other] = [newId(), newId()];
    const owner = await harness.running();
    await harness.submit({ workflowExecutionId: owner.id, commands: [command.schedule(taskId)] });
    const thief = await harness.running();
    const before = await traces(thief.id);
    const theft = harness.submit({
      workflowExecutionId: thief.id,
      commands: [command.schedule(other), command.schedule(taskId)],
    });
    await expect(theft).rejects.toMatchObject({ code: "WrongState", reason: "ID_TAKEN" });
    expect(await traces(thief.id)).toEqual(before);
    // The same new id in two submissions of one batch: one wins, the other is refused as a whole.
    const rival = await harness.running();
    const contested = newId();
    const results = await Promise.allSettled(
      [thief.id, rival.id].map((workflowExecutionId) =>
        harness.submit({ workflowExecutionId, commands: [command.schedule(contested)] }),
      ),
    );
    expect(results.map((result) => result.status).sort()).toEqual(["fulfilled", "rejected"]);
    const rows = await harness.rows("select 1 from task_execution where id = $1", [contested]);
    expect(rows).toHaveLength(1);
  });

  it("writes nothing when the workflow ended meanwhile", async () => {
    const { id, claimEpoch } = await harness.running();
    await harness.submit({ workflowExecutionId: id, status: WorkflowStatus.FAILED, commands: [command.fail("no")] });
    const after = await traces(id);
    await harness.submit({ workflowExecutionId: id, claimEpoch, commands: [command.schedule(newId())] });
    expect(await traces(id)).toEqual(after);
    const [row] = await harness.rows("select error from workflow_execution where id = $1", [id]);
    expect(row).toEqual({ error: "no" });
  });

  it("runs a task without a key that something else holds", async () => {
    const taken = await harness.startWorkflow({ idempotencyKey: "busy" });
    const { id } = await harness.running();
    const taskId = newId();
    await harness.submit({ workflowExecutionId: id, commands: [command.schedule(taskId, { idempotencyKey: "busy" })] });
    expect(await harness.rows("select status from task_execution where id = $1", [taskId])).toEqual([
      { status: "PENDING" },
    ]);
    const [held] = await harness.rows("select workflow_execution_id as id from idempotency_key where key = 'busy'");
    expect(held).toEqual({ id: taken.workflowExecutionId });
  });
});
