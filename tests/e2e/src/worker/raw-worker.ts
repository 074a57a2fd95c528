/**
 * A worker that speaks the published unary protocol by hand, in the loops of the existing SDKs: poll, fetch the history, run,
 * submit; poll, run, report. It knows nothing of the SDK of this repository.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { TaskExecutionInfo, WorkflowEvent, WorkflowExecution } from "@flovyn/proto/v1";
import type { FlovynClient } from "../client/flovyn-client.js";
import { CallError } from "../client/grpc-connection.js";
import type { Retry } from "../client/retry.js";
import type { Submission } from "./submission.js";

/** Existing SDKs pause so long after an empty poll. */
const EMPTY_POLL_PAUSE_MS = 10;
const ERROR_PAUSE_MS = 50;

export type TaskResult = { output: string } | { error: string };
export type WorkflowCode = (execution: WorkflowExecution, events: readonly WorkflowEvent[]) => Promise<Submission>;
export type TaskCode = (task: TaskExecutionInfo) => Promise<TaskResult>;

export interface RawWorkerOptions {
  client: FlovynClient;
  workerId: string;
  queue: string;
  runWorkflow?: WorkflowCode;
  runTask?: TaskCode;
  /** Loops of each kind. */
  slots?: number;
  /** The lease to ask for; none as existing SDKs. */
  leaseMs?: number;
  /** Sends the claim with every report, which makes a report safe to repeat. Existing SDKs send none. */
  sendClaims?: boolean;
  /** Around every report. Existing SDKs report once. */
  retry?: Retry;
  /** Hears of every poll that failed, and of every other call that was given up. */
  onFailedCall?: (error: CallError) => void;
}

export class RawWorker {
  readonly #options: RawWorkerOptions;
  readonly #stop = new AbortController();
  readonly #loops: Promise<void>[] = [];
  #failure: unknown;

  constructor(options: RawWorkerOptions) {
    this.#options = options;
    const slots = options.slots ?? 4;
    for (let slot = 0; slot < slots; slot++) {
      if (options.runWorkflow) this.#loops.push(this.#loop((run) => this.#workflow(run), options.runWorkflow));
      if (options.runTask) this.#loops.push(this.#loop((run) => this.#task(run), options.runTask));
    }
  }

  /** Ends the loops after what they are at. Errors: the first unexpected failure of a loop. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#loops);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #loop<Code>(step: (code: Code) => Promise<boolean>, code: Code): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        if (!(await step(code))) await pause(EMPTY_POLL_PAUSE_MS);
      } catch (error) {
        // A call that failed is what workers live with; anything else is a mistake of the test.
        if (error instanceof CallError) this.#options.onFailedCall?.(error);
        else this.#failure ??= error;
        await pause(ERROR_PAUSE_MS);
      }
    }
  }

  /** False when there was nothing to do. */
  async #workflow(run: WorkflowCode): Promise<boolean> {
    const { client, workerId, queue } = this.#options;
    const execution = await client.pollWorkflow({ workerId, queue }, this.#pollOptions());
    if (execution === undefined) return false;
    const events = await this.#report(() => client.getEvents(execution.id));
    const { commands, status } = await run(execution, events);
    const claim = this.#options.sendClaims ? { claimEpoch: execution.claimEpoch } : {};
    await this.#report(() => client.submitCommands({ workflowExecutionId: execution.id, commands, status, ...claim }));
    return true;
  }

  async #task(run: TaskCode): Promise<boolean> {
    const { client, workerId, queue } = this.#options;
    const task = await client.pollTask({ workerId, queue }, this.#pollOptions());
    if (task === undefined) return false;
    const result = await run(task);
    const { taskExecutionId } = task;
    const claim = this.#options.sendClaims ? { claimEpoch: task.claimEpoch } : {};
    await this.#report(() =>
      "error" in result
        ? client.failTask({ taskExecutionId, error: result.error, ...claim })
        : client.completeTask({ taskExecutionId, output: Buffer.from(result.output), ...claim }),
    );
    return true;
  }

  #report<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    return this.#options.retry ? this.#options.retry(call) : call();
  }

  #pollOptions() {
    const { leaseMs } = this.#options;
    return leaseMs === undefined ? {} : { metadata: { "flovyn-lease-ms": String(leaseMs) } };
  }
}
