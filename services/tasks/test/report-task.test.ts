import { newId, payloadBytesMax } from "@flovyn/domain";
import { CancelTaskRequest } from "@flovyn/proto/v1";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Harness, taskRpc } from "./harness.js";

const harness = new Harness();
beforeAll(async () => void (await harness.start()));
afterAll(() => harness.stop());

const cancel = (taskExecutionId: string, header = {}) =>
  harness.send(taskRpc("CancelTask"), CancelTaskRequest, { taskExecutionId }, header);
const workflowStatus = async (id: string) =>
  (await harness.rows<{ status: string }>("select status from workflow_execution where id = $1", [id]))[0]?.status;

/** Claims all tasks of a workflow's queue. */
const claimAll = (queue: string, pollers: number) => harness.claim({ queue, pollers });

describe("CompleteTask", () => {
  it("SP-10 ends the task, writes the attempt and the event, and wakes the workflow with a hint", async () => {
    const workflow = await harness.waitingWorkflow(1);
    const [task] = await claimAll(workflow.queue, 1);
    const hints = await harness.hintsOf("workflow", workflow.queue);
    const id = task?.taskExecutionId ?? "";
    await harness.complete({ taskExecutionId: id, claimEpoch: 1, output: Buffer.from('{"big":12345678901234567890}') });
    expect(await hints.count()).toBe(1);
    expect(await workflowStatus(workflow.id)).toBe("PENDING");
    const events = await harness.rows(
      "select event_type, convert_from(event_data, 'UTF8')::text as data from workflow_event where workflow_execution_id = $1 and sequence_number > 1",
      [workflow.id],
    );
    expect(events).toEqual([
      {
        event_type: "TASK_COMPLETED",
        data: `{"taskExecutionId":"${id}","kind":"charge","output":{"big":12345678901234567890}}`,
      },
    ]);
    expect(
      await harness.rows(
        "select attempt, attempt_type, status, worker_id, claim_epoch from task_attempt where task_execution_id = $1",
        [id],
      ),
    ).toEqual([{ attempt: 1, attempt_type: "initial", status: "COMPLETED", worker_id: "worker", claim_epoch: 1 }]);
    expect(
      await harness.rows(
        "select from_state, to_state, sort_key, most_recent from task_transition where task_execution_id = $1 order by sort_key",
        [id],
      ),
    ).toEqual([
      { from_state: null, to_state: "PENDING", sort_key: 1, most_recent: false },
      { from_state: "PENDING", to_state: "RUNNING", sort_key: 2, most_recent: false },
      { from_state: "RUNNING", to_state: "COMPLETED", sort_key: 3, most_recent: true },
    ]);
  });

  it("pitfall 1 ten tasks that complete in one instant leave ten events", async () => {
    const workflow = await harness.waitingWorkflow(10);
    const tasks = await claimAll(workflow.queue, 10);
    await Promise.all(tasks.map(({ taskExecutionId }) => harness.complete({ taskExecutionId })));
    expect(await harness.events(workflow.id)).toEqual(["WORKFLOW_STARTED", ...Array(10).fill("TASK_COMPLETED")]);
    expect(await workflowStatus(workflow.id)).toBe("PENDING");
  });

  it("pitfall 3 remembers completions that arrive while a worker holds the workflow", async () => {
    const workflow = await harness.waitingWorkflow(10, "RUNNING");
    const tasks = await claimAll(workflow.queue, 10);
    await Promise.all(tasks.map(({ taskExecutionId }) => harness.complete({ taskExecutionId })));
    expect(
      await harness.rows("select status, wake_pending, external_sequence from workflow_execution where id = $1", [
        workflow.id,
      ]),
    ).toEqual([{ status: "RUNNING", wake_pending: true, external_sequence: 11 }]);
  });

  it("SP-11 a hundred concurrent completes of one task write it once", async () => {
    const workflow = await harness.waitingWorkflow(1);
    const [task] = await claimAll(workflow.queue, 1);
    const taskExecutionId = task?.taskExecutionId ?? "";
    await Promise.all(Array.from({ length: 100 }, () => harness.complete({ taskExecutionId })));
    expect(await harness.events(workflow.id)).toEqual(["WORKFLOW_STARTED", "TASK_COMPLETED"]);
    expect(
      await harness.rows("select 1 from task_attempt where task_execution_id = $1", [taskExecutionId]),
    ).toHaveLength(1);
    const transitions = await harness.rows("select 1 from task_transition where task_execution_id = $1", [
      taskExecutionId,
    ]);
    expect(transitions).toHaveLength(3);
  });

  it("SP-73 SP-74 tells callers that send an epoch precisely what they are", async () => {
    const task = await harness.running();
    const { taskExecutionId, claimEpoch } = task;
    await harness.release(taskExecutionId, claimEpoch);
    const stale = { taskExecutionId, claimEpoch };
    await expect(harness.fail(stale)).rejects.toMatchObject({ code: "StaleClaim", reason: "STALE_LEASE" });
    await expect(harness.complete({ taskExecutionId })).rejects.toMatchObject({
      code: "WrongState",
      reason: "NOT_ACTIVE",
    });
    const [again] = await harness.claim({ queue: task.queue });
    await expect(harness.fail(stale)).rejects.toMatchObject({ code: "StaleClaim" });
    await expect(harness.complete(stale)).rejects.toMatchObject({ code: "StaleClaim", reason: "STALE_LEASE" });
    const current = { taskExecutionId, claimEpoch: again?.claimEpoch ?? 0 };
    await harness.complete({ ...current, output: Buffer.from('"first"') });
    await harness.complete({ ...current, output: Buffer.from('"second"') });
    expect(await harness.row(taskExecutionId)).toMatchObject({ status: "COMPLETED", output: Buffer.from('"first"') });
    await expect(harness.fail(current)).rejects.toMatchObject({ code: "WrongState", reason: "ALREADY_ENDED" });
    await harness.fail({ taskExecutionId });
    expect(await harness.row(taskExecutionId)).toMatchObject({ status: "COMPLETED", error: null });
  });

  it("takes the work of a worker whose task was taken back, while no other worker has it", async () => {
    const { taskExecutionId, claimEpoch, queue } = await harness.running();
    await harness.release(taskExecutionId, claimEpoch);
    const report = { taskExecutionId, claimEpoch, output: Buffer.from('"done"') };
    await harness.complete(report);
    await harness.complete(report);
    expect(await harness.row(taskExecutionId)).toMatchObject({ status: "COMPLETED", output: Buffer.from('"done"') });
    const attempts = "select * from task_attempt where task_execution_id = $1";
    expect(await harness.rows(attempts, [taskExecutionId])).toMatchObject([
      { attempt: 1, status: "COMPLETED", claim_epoch: claimEpoch, output: Buffer.from('"done"'), error: null },
    ]);
    expect(await harness.claim({ queue })).toEqual([]);
  });

  it("takes the epoch of the request metadata where the message has none", async () => {
    const { taskExecutionId, claimEpoch } = await harness.running();
    const stale = harness.complete({ taskExecutionId }, { claimEpoch: claimEpoch + 1 });
    await expect(stale).rejects.toMatchObject({ code: "StaleClaim" });
    await harness.complete({ taskExecutionId }, { claimEpoch });
  });

  it("refuses bad, missing and foreign ids and oversized outputs, alone in their batch", async () => {
    const { taskExecutionId } = await harness.running();
    const other = await harness.running();
    const results = await Promise.allSettled([
      harness.complete({ taskExecutionId: "x" }),
      harness.complete({ taskExecutionId: newId() }),
      harness.complete({ taskExecutionId }, harness.foreign),
      harness.complete({ taskExecutionId, output: Buffer.alloc(payloadBytesMax + 1) }),
      harness.complete({ taskExecutionId: other.taskExecutionId }),
    ]);
    expect(results.map((result) => (result.status === "rejected" ? result.reason.code : "OK"))).toEqual([
      "InvalidInput",
      "NotFound",
      "NotFound",
      "PayloadTooLarge",
      "OK",
    ]);
    expect(await harness.row(taskExecutionId)).toMatchObject({ status: "RUNNING" });
  });
});

describe("FailTask", () => {
  it("SP-70 retries at once while the budget lasts, then tells the workflow once", async () => {
    const workflow = await harness.waitingWorkflow(1);
    await harness.rows("update task_execution set max_retries = 1 where workflow_execution_id = $1", [workflow.id]);
    const hints = await harness.hintsOf("task", workflow.queue);
    const [first] = await claimAll(workflow.queue, 1);
    const taskExecutionId = first?.taskExecutionId ?? "";
    await harness.fail({ taskExecutionId, error: "a\0b" });
    expect(await hints.count()).toBe(1);
    expect(await harness.row(taskExecutionId)).toMatchObject({ status: "PENDING", worker_id: null, failure_count: 1 });
    expect(await harness.events(workflow.id)).toEqual(["WORKFLOW_STARTED"]);
    const [second] = await claimAll(workflow.queue, 1);
    expect(second?.executionCount).toBe(2);
    await harness.fail({ taskExecutionId, error: "again" });
    expect(await harness.row(taskExecutionId)).toMatchObject({ status: "FAILED", failure_count: 2, error: "again" });
    expect(await harness.events(workflow.id)).toEqual(["WORKFLOW_STARTED", "TASK_FAILED"]);
    expect(
      await harness.rows(
        "select attempt, attempt_type, status, error from task_attempt where task_execution_id = $1 order by attempt",
        [taskExecutionId],
      ),
    ).toEqual([
      { attempt: 1, attempt_type: "initial", status: "FAILED", error: "ab" },
      { attempt: 2, attempt_type: "retry", status: "FAILED", error: "again" },
    ]);
  });

  it("does not retry what the worker calls final", async () => {
    const { taskExecutionId } = await harness.running({ maxRetries: 3 });
    await harness.fail({ taskExecutionId, retryable: false });
    expect(await harness.row(taskExecutionId)).toMatchObject({ status: "FAILED", failure_count: 1 });
  });

  it("SP-72 waits for the back-off of the policy, or for what the worker asks", async () => {
    const retryPolicy = '{"strategy":"fixed","baseMs":2000,"maxMs":30000,"jitter":0}';
    const task = await harness.running({ maxRetries: 3, retryPolicy });
    const { taskExecutionId, queue } = task;
    await harness.fail({ taskExecutionId });
    harness.clock.advance(1_999);
    expect(await harness.claim({ queue })).toEqual([]);
    harness.clock.advance(1);
    expect(await harness.claim({ queue })).toHaveLength(1);
    await harness.fail({ taskExecutionId, retryAfterMs: 90_000 });
    harness.clock.advance(29_999);
    expect(await harness.claim({ queue })).toEqual([]);
    harness.clock.advance(1);
    expect(await harness.claim({ queue })).toHaveLength(1);
    const bad = harness.fail({ taskExecutionId, retryAfterMs: -1 });
    await expect(bad).rejects.toMatchObject({ code: "InvalidInput", field: "retry_after_ms" });
  });
});

describe("CancelTask", () => {
  it("ends a PENDING and a RUNNING task; the workflow learns it once", async () => {
    const workflow = await harness.waitingWorkflow(2);
    const [running] = await claimAll(workflow.queue, 1);
    for (const id of workflow.taskIds) await cancel(id);
    for (const id of workflow.taskIds) await cancel(id);
    expect(await harness.events(workflow.id)).toEqual([
      "WORKFLOW_STARTED",
      ...["TASK_CANCELLED", "TASK_FAILED", "TASK_CANCELLED", "TASK_FAILED"],
    ]);
    expect(await workflowStatus(workflow.id)).toBe("PENDING");
    const late = { taskExecutionId: running?.taskExecutionId ?? "" };
    await harness.complete(late);
    await expect(harness.complete({ ...late, claimEpoch: 1 })).rejects.toMatchObject({ reason: "NOT_ACTIVE" });
    await expect(harness.heartbeat(late)).rejects.toMatchObject({ code: "WrongState", reason: "NOT_ACTIVE" });
  });

  it("is refused for a task that ended otherwise, is missing or belongs to another org", async () => {
    const { taskExecutionId } = await harness.running();
    await expect(cancel(taskExecutionId, harness.foreign)).rejects.toMatchObject({ code: "NotFound" });
    await harness.complete({ taskExecutionId });
    await expect(cancel(taskExecutionId)).rejects.toMatchObject({ code: "WrongState", reason: "NOT_ACTIVE" });
    await expect(cancel(newId())).rejects.toMatchObject({ code: "NotFound" });
    await expect(cancel("x")).rejects.toMatchObject({ code: "InvalidInput", field: "task_execution_id" });
  });
});
