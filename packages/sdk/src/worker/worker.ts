import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import type { PollResponse, PollTaskResponse, TaskExecutionInfo, WorkflowExecution } from "@flovyn/proto/v1";
import type { ClientSettings } from "../client/options.js";
import type { AnyTask } from "../definitions/task.js";
import type { AnyWorkflow } from "../definitions/workflow.js";
import { guardAbandonedRejections } from "../engine/abandoned-rejections.js";
import { withFields } from "../logger.js";
import { type Connection, callMetadata, type PendingCall } from "../wire/connection.js";
import { settledWithin } from "../wire/pause.js";
import { pollTask, pollWorkflow } from "../wire/rpcs.js";
import { PollLoop } from "./poll-loop.js";
import { WorkerPresence } from "./presence.js";
import { abortGraceMs } from "./task-attempt.js";
import { TaskAttempts } from "./task-attempts.js";
import { asWorkerRefusal } from "./worker-refusal.js";
import type { WorkerScope } from "./worker-scope.js";
import { WorkflowActivations } from "./workflow-activations.js";

export interface WorkerOptions {
  readonly connection: Connection;
  readonly settings: ClientSettings;
  readonly workflows: ReadonlyMap<string, AnyWorkflow>;
  readonly tasks: ReadonlyMap<string, AnyTask>;
}

type Loop = Pick<PollLoop<never>, "start" | "wake" | "stopPolling" | "drained">;

/** A poll that got no answer in this time beyond its hold is broken. */
const pollSlackMs = 10_000;
/** What still runs after that is left to the server to give to others. */
const closeMs = 2000;

/** One worker from its registration to its end; it is started once. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #presence: WorkerPresence;
  readonly #shutdown = new AbortController();
  readonly #closing = new AbortController();
  readonly #loops: readonly Loop[];
  #unguard = () => {};
  #stopped = false;

  constructor(options: WorkerOptions) {
    const { connection, settings, workflows, tasks } = options;
    const workerName = `${settings.workerName}-${randomUUID()}`;
    // Every activation and attempt that runs listens to these two; that is no leak.
    setMaxListeners(0, this.#shutdown.signal, this.#closing.signal);
    const scope: WorkerScope = {
      connection,
      metadata: callMetadata(settings.workerToken),
      log: withFields(settings.logger, { worker: workerName, queue: settings.queue }),
      shutdown: this.#shutdown.signal,
      closing: this.#closing.signal,
    };
    this.#options = options;
    this.#presence = new WorkerPresence(scope, { settings, workerName, workflows, tasks, onWork: () => this.#wake() });
    const loops: Loop[] = [];
    if (workflows.size > 0) loops.push(this.#workflowLoop(scope));
    if (tasks.size > 0) loops.push(this.#taskLoop(scope));
    this.#loops = loops;
  }

  /** Registers and begins to take work. Errors as in `FlovynClient.start`. */
  async start(): Promise<void> {
    const { settings } = this.#options;
    await this.#presence.register();
    this.#checkOpen();
    this.#unguard = guardAbandonedRejections(settings.logger);
    this.#presence.start();
    const started = await Promise.allSettled(this.#loops.map((loop) => loop.start()));
    const refusal = started.find((one) => one.status === "rejected");
    if (refusal !== undefined) {
      // The other loop may have taken work.
      await this.stop();
      throw asWorkerRefusal(refusal.reason, settings);
    }
    this.#checkOpen();
  }

  #checkOpen(): void {
    if (this.#stopped) throw new Error("the worker was stopped before it had started");
  }

  /** Takes no more work, lets what runs end within the grace, then aborts it. Never rejects. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const loop of this.#loops) loop.stopPolling();
    const drained = Promise.all(this.#loops.map((loop) => loop.drained()));
    await settledWithin(drained, this.#options.settings.shutdownGraceMs);
    this.#shutdown.abort();
    await settledWithin(drained, abortGraceMs + 1000);
    this.#closing.abort();
    await settledWithin(drained, closeMs);
    this.#presence.stop();
    this.#unguard();
  }

  #wake(): void {
    for (const loop of this.#loops) loop.wake();
  }

  #workflowLoop(scope: WorkerScope): PollLoop<WorkflowExecution> {
    const { connection, settings, workflows } = this.#options;
    const activations = new WorkflowActivations(scope, workflows);
    const pollMetadata = (holdMs: number) =>
      callMetadata(settings.workerToken, { "flovyn-poll-hold-ms": String(holdMs) });
    const held = pollMetadata(settings.pollHoldMs);
    return new PollLoop<WorkflowExecution>({
      work: "workflow",
      slots: settings.maxConcurrentWorkflows,
      holdMs: settings.pollHoldMs,
      log: scope.log,
      poll: (holdMs) => {
        const request = { ...this.#pollBase(holdMs), workerPoolId: undefined, workflowCapabilities: [] };
        const metadata = holdMs === settings.pollHoldMs ? held : pollMetadata(holdMs);
        const call = connection.start(pollWorkflow, request, metadata, { timeoutMs: holdMs + pollSlackMs });
        return itemOf(call, (response: PollResponse) => response.workflowExecution);
      },
      run: (execution) => activations.run(execution),
    });
  }

  #taskLoop(scope: WorkerScope): PollLoop<TaskExecutionInfo> {
    const { connection, settings, tasks } = this.#options;
    const attempts = new TaskAttempts(scope, tasks, settings.taskLeaseMs);
    const pollMetadata = (holdMs: number) =>
      callMetadata(settings.workerToken, {
        "flovyn-poll-hold-ms": String(holdMs),
        "flovyn-lease-ms": String(settings.taskLeaseMs),
      });
    const held = pollMetadata(settings.pollHoldMs);
    return new PollLoop<TaskExecutionInfo>({
      work: "task",
      slots: settings.maxConcurrentTasks,
      holdMs: settings.pollHoldMs,
      log: scope.log,
      poll: (holdMs) => {
        const request = { ...this.#pollBase(holdMs), workerPoolId: undefined, workerLabels: {} };
        const metadata = holdMs === settings.pollHoldMs ? held : pollMetadata(holdMs);
        const call = connection.start(pollTask, request, metadata, { timeoutMs: holdMs + pollSlackMs });
        return itemOf(call, (response: PollTaskResponse) => response.task);
      },
      run: (task) => attempts.run(task),
    });
  }

  #pollBase(holdMs: number) {
    const { orgId, queue } = this.#options.settings;
    return { workerId: this.#presence.workerId, orgId, queue, timeoutSeconds: Math.ceil(holdMs / 1000) };
  }
}

function itemOf<Response, Item>(
  call: PendingCall<Response>,
  read: (response: Response) => Item | undefined,
): PendingCall<Item | undefined> {
  return { response: call.response.then(read), cancel: call.cancel };
}
