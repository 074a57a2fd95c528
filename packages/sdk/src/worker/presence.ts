import { WorkerHeartbeatRequest } from "@flovyn/proto/v1";
import type { ClientSettings } from "../client/options.js";
import type { AnyTask } from "../definitions/task.js";
import type { AnyWorkflow } from "../definitions/workflow.js";
import { readThrown } from "../thrown/read-thrown.js";
import { Backoff } from "../wire/backoff.js";
import { callMetadata } from "../wire/connection.js";
import { pause } from "../wire/pause.js";
import { registerWorker, sendHeartbeat } from "../wire/rpcs.js";
import { FlovynConnectionError, FlovynServiceError, isRefusal, mayPass } from "../wire/service-error.js";
import { toRegistration } from "./registration.js";
import { WorkerSession } from "./session.js";
import { asWorkerRefusal } from "./worker-refusal.js";
import { callTimeoutMs, type WorkerScope } from "./worker-scope.js";

export interface WorkerPresenceOptions {
  readonly settings: ClientSettings;
  /** Unique for each start: the server tells workers apart by it. */
  readonly workerName: string;
  readonly workflows: ReadonlyMap<string, AnyWorkflow>;
  readonly tasks: ReadonlyMap<string, AnyTask>;
  /** There may be work on the queue. */
  onWork(): void;
}

/** Makes the worker known to the server and keeps it known: registration, session stream and heartbeats. */
export class WorkerPresence {
  readonly #scope: WorkerScope;
  readonly #options: WorkerPresenceOptions;
  readonly #session: WorkerSession;
  #heartbeats: NodeJS.Timeout | undefined;
  #workerId = "";

  constructor(scope: WorkerScope, options: WorkerPresenceOptions) {
    const { settings } = options;
    this.#scope = scope;
    this.#options = options;
    this.#session = new WorkerSession({
      connection: scope.connection,
      // The stream comes back as soon as the connection does.
      metadata: callMetadata(settings.workerToken, { "flovyn-worker-session": "true" }, true),
      log: scope.log,
      subscription: () => ({ workerId: this.#workerId, orgId: settings.orgId, queue: settings.queue }),
      onWork: options.onWork,
    });
  }

  /** The id that the server gave, empty before the registration. */
  get workerId(): string {
    return this.#workerId;
  }

  /** Errors: FlovynServiceError when the server refuses, or cannot be reached within the time the settings give. */
  async register(): Promise<void> {
    const { settings } = this.#options;
    const deadline = performance.now() + settings.connectMs;
    const backoff = new Backoff({ firstMs: 100, maxMs: 2000 });
    for (;;) {
      try {
        return await this.#registerOnce();
      } catch (error) {
        if (!mayPass(error)) throw asWorkerRefusal(error, settings);
        if (this.#scope.closing.aborted) throw new Error("the worker was stopped before it had started");
        const waitMs = backoff.nextMs();
        if (performance.now() + waitMs > deadline) throw unreached(error, settings);
        const problem = readThrown(error).text;
        this.#scope.log.warn("the server cannot be reached, trying again", { problem, waitMs: Math.round(waitMs) });
        await pause(waitMs, this.#scope.closing);
      }
    }
  }

  start(): void {
    this.#session.start();
    this.#heartbeats = setInterval(() => void this.#beat(), this.#options.settings.heartbeatMs);
  }

  stop(): void {
    clearInterval(this.#heartbeats);
    this.#session.stop();
  }

  async #registerOnce(): Promise<void> {
    const { settings, workerName: name, workflows, tasks } = this.#options;
    const request = toRegistration({
      name,
      version: settings.workerVersion,
      orgId: settings.orgId,
      workflows: [...workflows.values()],
      tasks: [...tasks.values()],
    });
    const { connection, metadata, closing } = this.#scope;
    const call = connection.start(registerWorker, request, metadata, { timeoutMs: callTimeoutMs });
    closing.addEventListener("abort", call.cancel, { once: true });
    const response = await call.response.finally(() => closing.removeEventListener("abort", call.cancel));
    if (!response.success) {
      const message = response.error ?? "the server gave no reason";
      throw new FlovynServiceError("RegisterWorker", { code: "FAILED_PRECONDITION", message });
    }
    this.#workerId = response.workerId;
  }

  /** A server that does not know the worker any more gets to know it again. Never rejects. */
  async #beat(): Promise<void> {
    const { connection, metadata, log } = this.#scope;
    try {
      const request = WorkerHeartbeatRequest.fromPartial({ workerId: this.#workerId });
      await connection.call(sendHeartbeat, request, metadata, { timeoutMs: callTimeoutMs });
    } catch (error) {
      if (!isRefusal(error, "NOT_FOUND")) {
        log.debug("a heartbeat of the worker failed", { err: error });
        return;
      }
      await this.#registerAgain();
    }
  }

  async #registerAgain(): Promise<void> {
    const { log } = this.#scope;
    try {
      await this.#registerOnce();
      log.info("the worker registered again", {});
      this.#session.restart();
    } catch (error) {
      log.warn("the worker could not register again", { err: error });
    }
  }
}

function unreached(error: unknown, settings: ClientSettings): FlovynServiceError {
  if (error instanceof FlovynConnectionError) return error;
  const known = error instanceof FlovynServiceError;
  return new FlovynServiceError("RegisterWorker", {
    code: known ? error.code : "UNAVAILABLE",
    message: `the server at ${settings.serverUrl} gave no answer: ${known ? error.detail : readThrown(error).text}`,
  });
}
