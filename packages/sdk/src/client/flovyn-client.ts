import type { Metadata } from "@grpc/grpc-js";
import type { CallArgs } from "../definitions/call-args.js";
import type { AnyTask } from "../definitions/task.js";
import type { AnyWorkflow, WorkflowDefinition } from "../definitions/workflow.js";
import { toMilliseconds } from "../duration.js";
import { Connection, callMetadata } from "../wire/connection.js";
import { cancelWorkflow, startWorkflow } from "../wire/rpcs.js";
import { untilAnswered } from "../wire/until-answered.js";
import { Worker } from "../worker/worker.js";
import { waitForResult } from "./await-result.js";
import { type ClientSettings, type FlovynClientOptions, readOptions } from "./options.js";
import { type StartOptions, toStartRequest } from "./start-options.js";
import type { StartedWorkflow, WorkflowHandle } from "./workflow-handle.js";

/** Time for a call that does not wait for anything, finding the server included. */
const callTimeoutMs = 15_000;

/** Starts workflows and awaits them; with definitions registered and `start` called it is a worker, too. */
export class FlovynClient {
  readonly #settings: ClientSettings;
  readonly #connection: Connection;
  readonly #metadata: Metadata;
  readonly #workflows = new Map<string, AnyWorkflow>();
  readonly #tasks = new Map<string, AnyTask>();
  #worker: { worker: Worker; started: Promise<void> } | undefined;
  #stopping: Promise<void> | undefined;

  /** Connects with the first call. Errors: RangeError naming the option that is wrong. */
  constructor(options: FlovynClientOptions) {
    this.#settings = readOptions(options);
    this.#connection = new Connection(this.#settings);
    // Calls wait for a connection that is just coming back, instead of failing.
    this.#metadata = callMetadata(this.#settings.clientToken, {}, true);
  }

  /** Before `start`. Errors: Error when the name is taken or the worker runs. */
  registerWorkflow(...definitions: readonly AnyWorkflow[]): this {
    for (const definition of definitions) this.#register(this.#workflows, definition, "workflow");
    return this;
  }

  /** Before `start`. Errors: Error when the name is taken or the worker runs. */
  registerTask(...definitions: readonly AnyTask[]): this {
    for (const definition of definitions) this.#register(this.#tasks, definition, "task");
    return this;
  }

  /**
   * Becomes a worker. Resolves when the server knows it and work is taken; a second call waits for the first.
   * Errors: FlovynServiceError when the server refuses the credential or cannot be reached within `connectTimeout`; Error
   * when nothing is registered, or when `stop` came first.
   */
  async start(): Promise<void> {
    if (this.#stopping !== undefined) await this.#stopping;
    if (this.#worker === undefined) {
      if (this.#workflows.size + this.#tasks.size === 0) throw new Error("register a workflow or a task before start");
      const worker = new Worker({
        connection: this.#connection,
        settings: this.#settings,
        workflows: this.#workflows,
        tasks: this.#tasks,
      });
      this.#worker = { worker, started: worker.start() };
    }
    const { worker, started } = this.#worker;
    try {
      await started;
    } catch (error) {
      if (this.#worker?.worker === worker) this.#worker = undefined;
      throw error;
    }
  }

  /**
   * Takes no more work, lets what runs end within `shutdownGrace`, aborts the rest, and disconnects. May be called at any
   * time and more than once; a later call of anything connects again. Never rejects.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop().finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  /** Starts a workflow on the client's queue. Errors: FlovynServiceError; RangeError, TypeError for what cannot be sent. */
  startWorkflow<Input, Output>(
    definition: Pick<WorkflowDefinition<Input, Output>, "name" | "run">,
    ...args: CallArgs<Input, StartOptions>
  ): Promise<StartedWorkflow<Output>>;
  startWorkflow<Output = unknown>(
    kind: string,
    input?: unknown,
    options?: StartOptions,
  ): Promise<StartedWorkflow<Output>>;
  async startWorkflow(
    definition: string | Pick<AnyWorkflow, "name">,
    input?: unknown,
    options: StartOptions = {},
  ): Promise<StartedWorkflow<unknown>> {
    const { orgId, queue } = this.#settings;
    const kind = typeof definition === "string" ? definition : definition.name;
    const request = toStartRequest({ orgId, queue, kind, input }, options);
    const send = () => this.#connection.call(startWorkflow, request, this.#metadata, { timeoutMs: callTimeoutMs });
    const response = await (options.idempotencyKey === undefined ? send() : sendAgain(send));
    const isNew = response.idempotencyKeyNew || !response.idempotencyKeyUsed;
    return { ...this.getHandle(response.workflowExecutionId), isNew };
  }

  /** A handle for an execution that was started elsewhere. The definition only gives the type of the output. */
  getHandle<Output = unknown>(
    id: string,
    _definition?: Pick<WorkflowDefinition<never, Output>, "run">,
  ): WorkflowHandle<Output> {
    return {
      id,
      result: async (options = {}) => {
        const timeoutMs = options.timeout === undefined ? undefined : toMilliseconds(options.timeout, "timeout");
        const wait = { connection: this.#connection, metadata: this.#metadata, workflowId: id, timeoutMs };
        return (await waitForResult(wait)) as Output;
      },
      cancel: async (reason = "") => {
        const request = { workflowExecutionId: id, reason };
        const answer = await this.#connection.call(cancelWorkflow, request, this.#metadata, {
          timeoutMs: callTimeoutMs,
        });
        return answer.cancelled;
      },
    };
  }

  #register<Definition extends { name: string }>(
    known: Map<string, Definition>,
    definition: Definition,
    what: string,
  ): void {
    if (this.#worker !== undefined) throw new Error(`${what} "${definition.name}": register it before start`);
    if (known.has(definition.name)) throw new Error(`a ${what} named "${definition.name}" is registered already`);
    known.set(definition.name, definition);
  }

  async #stop(): Promise<void> {
    const running = this.#worker;
    this.#worker = undefined;
    await running?.worker.stop();
    await running?.started.catch(() => {});
    this.#connection.close();
  }
}

/** Only a key makes it safe to repeat a start whose answer was lost. */
function sendAgain<Response>(send: () => Promise<Response>): Promise<Response> {
  return untilAnswered(send, { signal: AbortSignal.timeout(callTimeoutMs), onRetry() {} });
}
