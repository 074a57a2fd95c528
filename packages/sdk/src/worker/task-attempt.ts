import type { TaskExecutionInfo } from "@flovyn/proto/v1";
import type { AnyTask } from "../definitions/task.js";
import { TaskAbortedError } from "../errors.js";
import { decodeJson } from "../json.js";
import { type Logger, withFields } from "../logger.js";
import { settledWithin } from "../wire/pause.js";
import { createTaskContext } from "./task-context.js";
import { encodeOutput, toFailure } from "./task-failure.js";
import { TaskLease } from "./task-lease.js";
import type { TaskReports } from "./task-reports.js";
import type { WorkerScope } from "./worker-scope.js";

export interface TaskAttemptOptions {
  readonly scope: WorkerScope;
  readonly reports: TaskReports;
  readonly task: TaskExecutionInfo;
  /** Lease that the worker asked for, for servers that do not tell the one they gave. */
  readonly leaseMs: number;
}

/** A function that was told to stop gets so long to do it before its slot is given to other work. */
export const abortGraceMs = 5000;

/** How long the report of an end waits for what the function has streamed. */
const streamGraceMs = 2000;

const timerMsMax = 2_147_483_647;

type End = { readonly output: Buffer } | { readonly error: unknown };

/** One attempt of one task. */
export class TaskAttempt {
  readonly #options: TaskAttemptOptions;
  readonly #log: Logger;
  readonly #abort = new AbortController();

  constructor(options: TaskAttemptOptions) {
    const { task, scope } = options;
    this.#options = options;
    this.#log = withFields(scope.log, { taskId: task.taskExecutionId, kind: task.kind, attempt: task.executionCount });
  }

  /**
   * Goes on under a new claim of the same task, which the server gave to this worker again. False when its function was told
   * to stop already.
   */
  adopt({ claimEpoch }: TaskExecutionInfo): boolean {
    if (this.#abort.signal.aborted) return false;
    this.#log.warn("the server took the task back and gave it to this worker again, where it still runs");
    // Heartbeats and reports name the claim when they are sent.
    this.#options.task.claimEpoch = claimEpoch;
    return true;
  }

  /** Runs the function and reports how it ended. Never rejects. */
  async run(definition: AnyTask): Promise<void> {
    const { scope, task, leaseMs } = this.#options;
    const lost = () => this.#stop("claim-lost", "the server took the task away from this worker");
    const lease = new TaskLease(scope, { task, log: this.#log, lost });
    const shutdown = () => this.#stop("shutdown", "the worker stops");
    if (scope.shutdown.aborted) shutdown();
    scope.shutdown.addEventListener("abort", shutdown, { once: true });
    const deadline = this.#startDeadline(definition);
    lease.start(task.leaseMs > 0 ? task.leaseMs : leaseMs);
    try {
      await this.#finish(this.#call(definition, lease), definition);
    } finally {
      lease.stop();
      clearTimeout(deadline);
      scope.shutdown.removeEventListener("abort", shutdown);
    }
  }

  /**
   * The server counts from the creation of the task, this worker from the start of the attempt: so it never ends an attempt
   * too early, and it does end those of tasks that were created without a deadline.
   */
  #startDeadline(definition: AnyTask): NodeJS.Timeout | undefined {
    const { timeoutMs } = definition;
    // Beyond what a timer of Node can wait, about 24 days, the deadline of the server is enough.
    if (timeoutMs === undefined || timeoutMs > timerMsMax) return undefined;
    return setTimeout(() => this.#stop("timeout", timedOut(timeoutMs)), timeoutMs);
  }

  #stop(cause: TaskAbortedError["abortCause"], message: string): void {
    this.#abort.abort(new TaskAbortedError(cause, message));
  }

  async #call(definition: AnyTask, lease: TaskLease): Promise<End> {
    const { scope, task } = this.#options;
    const { context, streamed } = createTaskContext(scope, {
      task,
      log: this.#log,
      signal: () => this.#abort.signal,
      beat: () => lease.beat(),
    });
    try {
      return { output: encodeOutput(await definition.run(context, decodeJson(task.input) as never), task.kind) };
    } catch (error) {
      return { error };
    } finally {
      // Whoever watches the task sees the last piece before the end.
      const streaming = streamed();
      if (streaming !== undefined) await settledWithin(streaming, streamGraceMs);
    }
  }

  async #finish(running: Promise<End>, definition: AnyTask): Promise<void> {
    const { reports, task } = this.#options;
    const end = await Promise.race([running, this.#aborted()]);
    if (end !== undefined) return this.#report(end);
    const { abortCause } = this.#abort.signal.reason as TaskAbortedError;
    if (abortCause === "timeout") {
      const error = timedOut(definition.timeoutMs ?? 0);
      await reports.fail(task, { error, errorType: "TaskTimeoutError", retryable: false }, this.#log);
    }
    const late = await settledWithin(running, abortGraceMs);
    if (late === undefined) this.#log.warn("a task goes on although its signal was aborted", { abortCause });
    // Without a report the server gives the task to another worker, and no retry is spent on the stop of this one.
    else if (abortCause === "shutdown" && "output" in late) await this.#report(late);
  }

  #report(end: End): Promise<void> {
    const { reports, task } = this.#options;
    if ("output" in end) return reports.complete(task, end.output, this.#log);
    this.#log.warn("an attempt failed", { err: end.error });
    return reports.fail(task, toFailure(end.error), this.#log);
  }

  #aborted(): Promise<undefined> {
    const { signal } = this.#abort;
    return new Promise((resolve) => {
      if (signal.aborted) resolve(undefined);
      else signal.addEventListener("abort", () => resolve(undefined), { once: true });
    });
  }
}

function timedOut(timeoutMs: number): string {
  return `Task timed out after ${timeoutMs} ms`;
}
