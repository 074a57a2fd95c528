import { randomUUID } from "node:crypto";
import {
  PollRequest,
  PollTaskRequest,
  type SubmitWorkflowCommandsRequest,
  type WorkflowEvent,
  type WorkflowExecution,
} from "@flovyn/proto/v1";
import type { Connection, ConnectionPool } from "./connection.js";
import { completeTask, getEvents, pollTask, pollWorkflow, submitCommands } from "./rpcs.js";

/** A workflow as a worker was handed it. */
export interface Activation {
  execution: Pick<WorkflowExecution, "id" | "input">;
  events: readonly WorkflowEvent[];
  /** When the poll was answered, and when the history had been read; by `performance.now()`. */
  polledAt: number;
  readAt: number;
}

/** What a workflow does next, given its whole history. */
export type Decide = (activation: Activation) => SubmitWorkflowCommandsRequest;

export interface WorkerOptions {
  pool: ConnectionPool;
  orgId: string;
  queue: string;
  /** Loops for workflows, and as many for tasks. */
  loops: number;
  decide: Decide;
  /** Called when the server has taken a submission. */
  onSubmitted: (submission: SubmitWorkflowCommandsRequest) => void;
  withTasks?: boolean;
}

/** What existing SDKs send. */
const pollTimeoutSeconds = 30;

/** A worker that speaks the published protocol as existing ones do. */
export class UnaryWorker {
  activations = 0;
  taskRuns = 0;
  emptyPolls = 0;
  /** Rejects when a loop fails, which ends all of them. */
  readonly failed: Promise<never>;
  readonly #options: WorkerOptions;
  readonly #workerId = randomUUID();
  readonly #loops: Promise<unknown>;
  #stopping = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { pool, loops, withTasks = false } = options;
    this.#loops = Promise.all(
      Array.from({ length: loops }, () => [
        this.#runWorkflowLoop(pool.take()),
        ...(withTasks ? [this.#runTaskLoop(pool.take())] : []),
      ]).flat(),
    );
    this.failed = this.#loops.then(() => new Promise<never>(() => {}));
    this.failed.catch(() => this.quit());
  }

  /** Ends when the polls that are held have been answered. Rejects when a loop failed. */
  async stop(): Promise<void> {
    this.quit();
    await this.#loops;
  }

  /** The same without waiting. */
  quit(): void {
    this.#stopping = true;
  }

  /**
   * Polls, runs one activation, submits, polls again. After an empty poll it polls at once, as the Kotlin worker does: the
   * server holds an empty poll for a moment.
   */
  async #runWorkflowLoop(connection: Connection): Promise<void> {
    const { orgId, queue, decide, onSubmitted } = this.#options;
    const workerId = this.#workerId;
    const request = PollRequest.fromPartial({ orgId, queue, workerId, timeoutSeconds: pollTimeoutSeconds });
    while (!this.#stopping) {
      const { workflowExecution: execution } = await connection.call(pollWorkflow, request);
      const polledAt = performance.now();
      if (execution === undefined) {
        this.emptyPolls += 1;
        continue;
      }
      this.activations += 1;
      const { events } = await connection.call(getEvents, { workflowExecutionId: execution.id });
      const submission = decide({ execution, events, polledAt, readAt: performance.now() });
      await connection.call(submitCommands, submission);
      onSubmitted(submission);
    }
  }

  /** The same for tasks: each returns its input. */
  async #runTaskLoop(connection: Connection): Promise<void> {
    const { orgId, queue } = this.#options;
    const workerId = this.#workerId;
    const request = PollTaskRequest.fromPartial({ orgId, queue, workerId, timeoutSeconds: pollTimeoutSeconds });
    while (!this.#stopping) {
      const { task } = await connection.call(pollTask, request);
      if (task === undefined) {
        this.emptyPolls += 1;
        continue;
      }
      this.taskRuns += 1;
      await connection.call(completeTask, { taskExecutionId: task.taskExecutionId, output: task.input });
    }
  }
}
