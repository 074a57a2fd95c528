import { SubmitWorkflowCommandsRequest } from "@flovyn/proto/v1";
import { describe, expect, test } from "vitest";
import type { Command, Outcome } from "../engine/commands.js";
import { toSubmission } from "./submission.js";

const suspended = { status: "SUSPENDED", waitsFor: "signal" } as const;

/** What a server reads of it. */
function sent(commands: Command[], outcome: Exclude<Outcome, { status: "ABANDONED" }> = suspended) {
  const submission = toSubmission({ id: "w", claimEpoch: 3 }, { commands, seenSequence: 7 }, outcome);
  return SubmitWorkflowCommandsRequest.decode(SubmitWorkflowCommandsRequest.encode(submission).finish());
}

describe("a submission", () => {
  test("carries commands in order, and what the workflow waits for", () => {
    const value = Buffer.from("1");
    const key = { idempotencyKey: "k", idempotencyKeyTtlSeconds: 60 };
    const { commands, ...rest } = sent([
      { type: "START_TIMER", timerId: "timer-0", durationMs: 315_360_000_000 },
      { type: "CANCEL_TIMER", timerId: "timer-0" },
      { type: "CREATE_PROMISE", name: "approval", timeoutMs: 5, ...key },
      { type: "RESOLVE_PROMISE", promise: "approval", value },
      {
        type: "SCHEDULE_CHILD_WORKFLOW",
        name: "echo-1",
        workflowId: "c",
        kind: "echo",
        input: value,
        queue: undefined,
        prioritySeconds: undefined,
      },
      { type: "REQUEST_CANCEL_CHILD_WORKFLOW", name: "echo-1", workflowId: "c", reason: "late" },
    ]);
    expect(rest).toMatchObject({ workflowExecutionId: "w", status: 2, claimEpoch: 3, seenSequence: 7 });
    expect(commands.map((one) => one.sequenceNumber)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(commands.map((one) => [one.commandType, one.commandData])).toMatchObject([
      [12, { $case: "startTimer", value: { timerId: "timer-0", durationMs: 315_360_000_000 } }],
      [13, { $case: "cancelTimer", value: { timerId: "timer-0" } }],
      [9, { $case: "createPromise", value: { promiseId: "approval", timeoutMs: 5, ...key } }],
      [10, { $case: "resolvePromise", value: { promiseId: "approval", value } }],
      [
        11,
        {
          $case: "scheduleChildWorkflow",
          value: {
            childExecutionName: "echo-1",
            childWorkflowExecutionId: "c",
            workflowKind: "echo",
            workflowDefinitionId: undefined,
            input: value,
            queue: "",
            prioritySeconds: 0,
          },
        },
      ],
      [
        14,
        {
          $case: "requestCancelChildWorkflow",
          value: { childExecutionName: "echo-1", childWorkflowExecutionId: "c", reason: "late" },
        },
      ],
      [7, { $case: "suspendWorkflow", value: { reason: "SUSPEND_TYPE_SIGNAL" } }],
    ]);
  });

  test("ends with the outcome", () => {
    const error = { error: "no stock", stackTrace: "at line 1" };
    const endings: [Exclude<Outcome, { status: "ABANDONED" }>, number, object][] = [
      [{ status: "COMPLETED", output: Buffer.from("1") }, 3, { $case: "completeWorkflow" }],
      [{ status: "FAILED", ...error }, 5, { $case: "failWorkflow", value: { ...error, failureType: "ERROR" } }],
      [{ status: "CANCELLED", reason: "late" }, 4, { $case: "cancelWorkflow", value: { reason: "late" } }],
    ];
    for (const [outcome, status, commandData] of endings) {
      expect(sent([], outcome)).toMatchObject({ status, commands: [{ commandData }] });
    }
  });
});
