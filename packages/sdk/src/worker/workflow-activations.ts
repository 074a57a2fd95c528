import type { WorkflowExecution } from "@flovyn/proto/v1";
import type { AnyWorkflow } from "../definitions/workflow.js";
import type { Outcome } from "../engine/commands.js";
import type { HistoryEvent } from "../engine/history.js";
import { type ActivationResult, runActivation } from "../engine/run-activation.js";
import { type Logger, withFields } from "../logger.js";
import { getEvents, reportActivationFailure, submitWorkflowCommands } from "../wire/rpcs.js";
import { FlovynServiceError, isRefusal, isUnsendable } from "../wire/service-error.js";
import { untilAnswered } from "../wire/until-answered.js";
import { ActivationFailure, isUnreadable, unknownKind, unreadable, violated } from "./activation-failure.js";
import { toSubmission } from "./submission.js";
import { callTimeoutMs, type WorkerScope } from "./worker-scope.js";

/** Runs workflows that were handed to this worker, one activation each. */
export class WorkflowActivations {
  readonly #scope: WorkerScope;
  readonly #definitions: ReadonlyMap<string, AnyWorkflow>;

  constructor(scope: WorkerScope, definitions: ReadonlyMap<string, AnyWorkflow>) {
    this.#scope = scope;
    this.#definitions = definitions;
  }

  /** Never rejects. */
  async run(execution: WorkflowExecution): Promise<void> {
    const log = withFields(this.#scope.log, { workflowId: execution.id, kind: execution.kind });
    try {
      const result = await this.#activate(execution, log);
      if (result instanceof ActivationFailure) await this.#giveBack(execution, result, log);
      else if (result.outcome.status !== "ABANDONED") await this.#submit(execution, result, log);
    } catch (error) {
      if (this.#scope.closing.aborted) log.debug("an activation ended with the worker", { err: error });
      else if (isLost(error)) log.warn("the workflow is not this worker's any more", { err: error });
      else log.error("an activation could not be reported", { err: error });
    }
  }

  async #activate(execution: WorkflowExecution, log: Logger): Promise<ActivationResult | ActivationFailure> {
    const definition = this.#definitions.get(execution.kind);
    if (definition === undefined) return unknownKind(execution.kind);
    let history: HistoryEvent[];
    try {
      history = await this.#history(execution, log);
    } catch (error) {
      if (isUnreadable(error)) return unreadable(error);
      throw error;
    }
    const activation = {
      executionId: execution.id,
      input: execution.input,
      timeMillis: execution.workflowTaskTimeMillis,
      history,
    };
    try {
      const result = await runActivation(definition, activation, { log, signal: this.#scope.shutdown });
      return result.violation === undefined ? result : violated(result.violation);
    } catch (error) {
      return unreadable(error);
    }
  }

  /** The workflow is tried again later, by this worker or by one with other code; or it fails, where its definition says so. */
  async #giveBack(execution: WorkflowExecution, cause: ActivationFailure, log: Logger): Promise<void> {
    const { reason, message, eventSequence } = cause;
    if (this.#definitions.get(execution.kind)?.onActivationFailure === "fail") {
      log.error("a workflow cannot be run and fails", { reason, err: cause });
      return this.#fail(execution, message, log);
    }
    const { connection, metadata } = this.#scope;
    const request = {
      ...{ workflowExecutionId: execution.id, reason, message, eventSequence },
      ...(execution.claimEpoch > 0 && { claimEpoch: execution.claimEpoch }),
    };
    const send = () => connection.call(reportActivationFailure, request, metadata, { timeoutMs: callTimeoutMs });
    try {
      const { failures, nextTryAtMs } = await untilAnswered(send, this.#retrying("ReportActivationFailure", log));
      const nextTryAt = nextTryAtMs > 0 ? new Date(nextTryAtMs).toISOString() : undefined;
      log.error("a workflow cannot be run and is tried again later", { reason, err: cause, failures, nextTryAt });
    } catch (error) {
      if (!isRefusal(error, "UNIMPLEMENTED")) throw error;
      log.error("a workflow cannot be run and fails, because this server cannot hold it", { reason, err: cause });
      await this.#fail(execution, message, log);
    }
  }

  async #fail(execution: WorkflowExecution, message: string, log: Logger): Promise<void> {
    const failed = failure(execution, message);
    await this.#send(execution, failed, failed.outcome, log);
  }

  /** A history of one event holds only the start, which the poll told already. */
  async #history(execution: WorkflowExecution, log: Logger): Promise<HistoryEvent[]> {
    if (execution.currentSequence === 1) return startOnly;
    const request = { workflowExecutionId: execution.id };
    const { connection, metadata } = this.#scope;
    const load = () => connection.call(getEvents, request, metadata, { timeoutMs: callTimeoutMs });
    const { events } = await untilAnswered(load, this.#retrying("GetEvents", log));
    return events.map(({ sequenceNumber, eventType, eventData }) => ({
      sequence: sequenceNumber,
      type: eventType,
      data: eventData,
    }));
  }

  /** A refusal of what the workflow asks for is final: the same code would ask for it again. So it fails the workflow. */
  async #submit(execution: WorkflowExecution, result: ActivationResult, log: Logger): Promise<void> {
    const { outcome } = result;
    if (outcome.status === "ABANDONED") return;
    try {
      await this.#send(execution, result, outcome, log);
    } catch (error) {
      if (!refusesContent(error)) throw error;
      log.error("the server refused what the workflow asked for", { err: error });
      await this.#fail(execution, `The server refused what the workflow asked for: ${error.message}`, log);
    }
  }

  async #send(
    execution: WorkflowExecution,
    result: ActivationResult,
    outcome: Exclude<Outcome, { status: "ABANDONED" }>,
    log: Logger,
  ): Promise<void> {
    const request = toSubmission(execution, result, outcome);
    const { connection, metadata } = this.#scope;
    const send = () => connection.call(submitWorkflowCommands, request, metadata, { timeoutMs: callTimeoutMs });
    await untilAnswered(send, this.#retrying("SubmitWorkflowCommands", log));
  }

  #retrying(operation: string, log: Logger) {
    return {
      signal: this.#scope.closing,
      onRetry: (error: unknown, waitMs: number) =>
        log.warn(`${operation} failed, trying again`, { err: error, waitMs }),
    };
  }
}

const startOnly: HistoryEvent[] = [{ sequence: 1, type: "WORKFLOW_STARTED", data: Buffer.from("{}") }];

function failure(execution: WorkflowExecution, error: string) {
  return {
    commands: [],
    outcome: { status: "FAILED", error, stackTrace: "" },
    seenSequence: execution.currentSequence,
  } as const;
}

/** The workflow ended meanwhile, or somebody else holds it. */
function isLost(error: unknown): boolean {
  return isRefusal(error, "ABORTED", "NOT_FOUND", "FAILED_PRECONDITION");
}

function refusesContent(error: unknown): error is FlovynServiceError {
  if (!(error instanceof FlovynServiceError)) return false;
  if (isUnsendable(error)) return true;
  if (error.code === "FAILED_PRECONDITION") return error.reason !== undefined && error.reason !== "NOT_ACTIVE";
  return ["INVALID_ARGUMENT", "ALREADY_EXISTS", "OUT_OF_RANGE", "UNIMPLEMENTED"].includes(error.code);
}
