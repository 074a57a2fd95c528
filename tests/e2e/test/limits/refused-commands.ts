import { type CommandType, WorkflowCommand, WorkflowStatus } from "@flovyn/proto/v1";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import {
  cancelChild,
  cancelTimer,
  clearState,
  completed,
  completeWorkflow,
  createPromise,
  failWorkflow,
  recordOperation,
  resolvePromise,
  type Submission,
  scheduleChild,
  scheduleTask,
  setState,
  startTimer,
  suspended,
  unspecified,
} from "../../src/index.js";
import type { ClusterInUse } from "../use-cluster.js";
import { statusOf } from "../wait-for-events.js";
import { claimWorkflow } from "../wait-for-work.js";

const id = "0190a5c0-0000-7000-8000-000000000001";
const tooLong = "x".repeat(256);
const hugePayload = `"${"x".repeat(4 * 1024 * 1024)}"`;
const TEN_YEARS_MS = 10 * 366 * 24 * 3_600_000;
const child = { id, name: "c", kind: "k" };
const withDefinition = WorkflowCommand.fromPartial({
  commandType: 11,
  commandData: {
    $case: "scheduleChildWorkflow",
    value: { childWorkflowExecutionId: id, childExecutionName: "c", workflowDefinitionId: id },
  },
});

/** The field that is named, by the command that is wrong. */
const commands: [field: string, why: string, command: WorkflowCommand][] = [
  ["record_operation.operation_name", "blank", recordOperation(" ", "1")],
  ["record_operation.result", "large", recordOperation("o", hugePayload)],
  ["set_state.key", "long", setState(tooLong, "1")],
  ["set_state.value", "large", setState("k", hugePayload)],
  ["clear_state.key", "blank", clearState("")],
  ["schedule_task.kind", "blank", scheduleTask({ id, kind: " " })],
  ["schedule_task.task_execution_id", "no UUID", scheduleTask({ id: "1", kind: "k" })],
  ["schedule_task.timeout_ms", "negative", scheduleTask({ id, kind: "k", timeoutMs: -1 })],
  ["schedule_task.idempotency_key", "long", scheduleTask({ id, kind: "k", idempotencyKey: tooLong })],
  ["start_timer.timer_id", "blank", startTimer("", 1)],
  ["start_timer.timer_id", "long", startTimer(tooLong, 1)],
  ["start_timer.timer_id", "with NUL", startTimer("a\0", 1)],
  ["start_timer.duration_ms", "negative", startTimer("t", -1)],
  ["start_timer.duration_ms", "over ten years", startTimer("t", TEN_YEARS_MS + 1)],
  ["cancel_timer.timer_id", "blank", cancelTimer(" ")],
  ["create_promise.promise_id", "blank", createPromise("")],
  ["create_promise.promise_id", "long", createPromise(tooLong)],
  ["create_promise.timeout_ms", "negative", createPromise("p", { timeoutMs: -1 })],
  ["create_promise.timeout_ms", "over ten years", createPromise("p", { timeoutMs: TEN_YEARS_MS + 1 })],
  ["create_promise.idempotency_key", "long", createPromise("p", { idempotencyKey: tooLong })],
  [
    "create_promise.idempotency_key_ttl_seconds",
    "over 30 days",
    createPromise("p", { idempotencyKey: "k", idempotencyKeyTtlSeconds: 2_592_001 }),
  ],
  ["resolve_promise.promise_id", "blank", resolvePromise("", "1")],
  ["resolve_promise.value", "large", resolvePromise("p", hugePayload)],
  ["schedule_child_workflow.child_workflow_execution_id", "no UUID", scheduleChild({ ...child, id: "1" })],
  ["schedule_child_workflow.child_execution_name", "blank", scheduleChild({ ...child, name: "" })],
  ["schedule_child_workflow.child_execution_name", "long", scheduleChild({ ...child, name: tooLong })],
  ["schedule_child_workflow.workflow_kind", "blank", scheduleChild({ ...child, kind: "" })],
  ["schedule_child_workflow.workflow_definition_id", "given", withDefinition],
  ["schedule_child_workflow.input", "large", scheduleChild({ ...child, input: hugePayload })],
  ["schedule_child_workflow.queue", "long", scheduleChild({ ...child, queue: "q".repeat(101) })],
  ["request_cancel_child_workflow.child_workflow_execution_id", "no UUID", cancelChild({ id: "1" })],
  ["request_cancel_child_workflow.child_execution_name", "blank, without an id", cancelChild({})],
  ["start_timer", "missing", WorkflowCommand.fromPartial({ commandType: 12 })],
  ["command_type", "unknown", WorkflowCommand.fromPartial({ commandType: 99 as CommandType })],
];

const { RUNNING, SUSPENDED, WORKFLOW_STATUS_UNSPECIFIED } = WorkflowStatus;
/** What is wrong with a submission as a whole. */
const submissions: [name: string, field: RegExp, submission: Submission][] = [
  ["without an outcome", /^status: /, { commands: [], status: WORKFLOW_STATUS_UNSPECIFIED }],
  ["that is RUNNING", /^status: /, { commands: [], status: RUNNING }],
  ["that suspends and completes", /^status: /, { commands: [completeWorkflow("1")], status: SUSPENDED }],
  ["that goes on after its end", /^commands\[1\]: /, completed("1", failWorkflow("before"))],
  ["of too many commands", /^commands: .*10000/, suspended(...Array.from({ length: 10_001 }, () => unspecified()))],
];

export function refusedCommands(use: ClusterInUse): void {
  const queue = "refused-commands";

  /** Refused as it is, and the workflow stays with its worker as it was. */
  async function expectRefused(submission: Submission, details: RegExp): Promise<void> {
    const client = use.client();
    await client.startWorkflow({ workflowKind: "k", queue });
    const { id: workflowExecutionId } = await claimWorkflow(client, { queue });
    await expect(client.submitCommands({ workflowExecutionId, ...submission })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringMatching(details),
    });
    expect(await client.getEvents(workflowExecutionId)).toHaveLength(1);
    expect(await statusOf(use.rest(), workflowExecutionId)).toBe("RUNNING");
    await client.submitCommands({ workflowExecutionId, ...completed("1") });
  }

  test.each(commands)("%s: %s is refused with the whole submission", async (field, _why, command) => {
    const escaped = field.replaceAll(".", "\\.");
    await expectRefused(suspended(setState("innocent", "1"), command), new RegExp(`^commands\\[1\\]\\.${escaped}: `));
  });

  test.each(submissions)("a submission %s is refused", (_name, details, submission) =>
    expectRefused(submission, details),
  );
}
