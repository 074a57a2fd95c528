import { randomUUID } from "node:crypto";
import type { SubmitWorkflowCommandsRequest, WorkflowCommand, WorkflowExecution } from "@flovyn/proto/v1";
import type { Command } from "../src/engine/commands.js";
import type { ActivationResult } from "../src/engine/run-activation.js";
import { SimulatedWorkflow } from "./simulated-workflow.js";

/** A simulated workflow behind the wire: its status, its claims and its wake-ups. */
export class FakeExecution {
  readonly id = randomUUID();
  readonly kind: string;
  readonly queue: string;
  readonly input: Buffer;
  readonly simulated: SimulatedWorkflow;
  /** Sequences by signal id. */
  readonly signals = new Map<string, number>();
  status: "PENDING" | "RUNNING" | "WAITING" | "COMPLETED" | "FAILED" | "CANCELLED" = "PENDING";
  claimEpoch = 0;
  cancelReason = "";
  #activations = 0;

  constructor(start: { kind: string; queue: string; input: Buffer }) {
    this.kind = start.kind;
    this.queue = start.queue;
    this.input = start.input;
    this.simulated = new SimulatedWorkflow(JSON.parse(start.input.toString()), start.kind);
  }

  get ended(): boolean {
    return this.status === "COMPLETED" || this.status === "FAILED" || this.status === "CANCELLED";
  }

  claim(orgId: string): WorkflowExecution {
    this.status = "RUNNING";
    this.claimEpoch += 1;
    this.#activations += 1;
    return {
      id: this.id,
      kind: this.kind,
      orgId,
      input: this.input,
      queue: this.queue,
      priorityMs: 0,
      createdAtMs: 1,
      currentSequence: this.simulated.events.length,
      workflowTaskTimeMillis: 1_750_000_000_000 + this.#activations * 1000,
      claimEpoch: this.claimEpoch,
    };
  }

  /** Applies an activation as the server does: what the worker has not seen makes a suspended workflow ready again. */
  submit(request: SubmitWorkflowCommandsRequest): void {
    const unseen = this.simulated.events.some((event) => event.sequence > (request.seenSequence ?? 0));
    this.simulated.submit(toResult(request.commands));
    const ended = this.simulated.status;
    this.status = ended === "LIVE" ? (unseen ? "PENDING" : "WAITING") : ended;
  }

  /** Something happened to the workflow from outside. */
  wake(): void {
    if (this.status === "WAITING") this.status = "PENDING";
  }
}

function toResult(given: readonly WorkflowCommand[]): ActivationResult {
  const commands: Command[] = [];
  let outcome: ActivationResult["outcome"] = { status: "SUSPENDED", waitsFor: "task" };
  for (const { commandData } of given) {
    switch (commandData?.$case) {
      case "recordOperation": {
        const { operationName: name, result } = commandData.value;
        commands.push({ type: "RECORD_OPERATION", name, result });
        break;
      }
      case "setState":
        commands.push({ type: "SET_STATE", ...commandData.value });
        break;
      case "clearState":
        commands.push({ type: "CLEAR_STATE", ...commandData.value });
        break;
      case "scheduleTask": {
        const { taskExecutionId: taskId, queue, maxRetries, timeoutMs, retryPolicy, ...rest } = commandData.value;
        const { prioritySeconds, idempotencyKey, idempotencyKeyTtlSeconds, kind, input } = rest;
        const options = { queue, maxRetries, timeoutMs, retryPolicy, prioritySeconds };
        const key = { idempotencyKey, idempotencyKeyTtlSeconds };
        commands.push({ type: "SCHEDULE_TASK", taskId, kind, input, ...options, ...key });
        break;
      }
      case "startTimer":
        commands.push({ type: "START_TIMER", ...commandData.value });
        break;
      case "cancelTimer":
        commands.push({ type: "CANCEL_TIMER", ...commandData.value });
        break;
      case "createPromise": {
        const { promiseId: name, timeoutMs, idempotencyKey, idempotencyKeyTtlSeconds } = commandData.value;
        commands.push({ type: "CREATE_PROMISE", name, timeoutMs, idempotencyKey, idempotencyKeyTtlSeconds });
        break;
      }
      case "resolvePromise": {
        const { promiseId: promise, value } = commandData.value;
        commands.push({ type: "RESOLVE_PROMISE", promise, value });
        break;
      }
      case "scheduleChildWorkflow": {
        const { childExecutionName: name, childWorkflowExecutionId: workflowId, input, ...rest } = commandData.value;
        const { workflowKind: kind = "", queue, prioritySeconds } = rest;
        commands.push({ type: "SCHEDULE_CHILD_WORKFLOW", name, workflowId, kind, input, queue, prioritySeconds });
        break;
      }
      case "requestCancelChildWorkflow": {
        const { childExecutionName: name, childWorkflowExecutionId: workflowId, reason } = commandData.value;
        commands.push({ type: "REQUEST_CANCEL_CHILD_WORKFLOW", name, workflowId, reason });
        break;
      }
      case "suspendWorkflow":
        break;
      case "cancelWorkflow":
        outcome = { status: "CANCELLED", ...commandData.value };
        break;
      case "completeWorkflow":
        outcome = { status: "COMPLETED", output: commandData.value.output };
        break;
      case "failWorkflow":
        outcome = { status: "FAILED", ...commandData.value };
        break;
      case undefined:
        throw new Error("a command without data");
    }
  }
  return { commands, outcome, seenSequence: 0 };
}
