import type { Metadata } from "@grpc/grpc-js";
import type { CallArgs } from "../definitions/call-args.js";
import type { AnyTask } from "../definitions/task.js";
import type { AnyWorkflow, WorkflowDefinition } from "../definitions/workflow.js";
import { definition as definitionName, freeName, wrong } from "../options/checks.js";
import { readOptions } from "../options/read-options.js";
import { member } from "../thrown/safely.js";
import { Connection, callMetadata } from "../wire/connection.js";
import { Worker } from "../worker/worker.js";
import { waitForResult } from "./await-result.js";
import { ClientCalls } from "./calls.js";
import { type ClientSettings, type FlovynClientOptions, readSettings } from "./options.js";
import type { PromiseReference } from "./promise-reference.js";
import type { SentSignal, SignalOptions, SignalWithStartOptions } from "./signal-options.js";
import type { StartOptions } from "./start-options.js";
import { type CancelOptions, resultTable, type StartedWorkflow, type WorkflowHandle } from "./workflow-handle.js";

/** Starts workflows and awaits them; with definitions registered and `start` called it is a worker, too. */
export class FlovynClient {
  readonly #settings: ClientSettings;
  readonly #connection: Connection;
  readonly #metadata: Metadata;
  readonly #calls: ClientCalls;
  readonly #workflows = new Map<string, AnyWorkflow>();
  readonly #tasks = new Map<string, AnyTask>();
  #worker: { worker: Worker; started: Promise<void> } | undefined;
  #stopping: Promise<void> | undefined;

  /** Connects with the first call. Errors: RangeError naming the option that is wrong. */
  constructor(options: FlovynClientOptions) {
    this.#settings = readSettings(options);
    this.#connection = new Connection(this.#settings);
    // Calls wait for a connection that is just coming back, instead of failing.
    this.#metadata = callMetadata(this.#settings.clientToken, {}, true);
    this.#calls = new ClientCalls(this.#connection, this.#metadata, this.#settings.orgId);
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
   * Errors: FlovynServiceError when the server refuses the credential, to register or to poll, or cannot be reached within
   * `connectTimeout`; Error when nothing is registered, or when `stop` came first.
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
    const { id, isNew } = await this.#calls.start(this.#newWorkflow(definition, input), options);
    return { ...this.getHandle(id), isNew };
  }

  /**
   * Signals the workflow that goes by `workflowId`, and starts it before when there is none: at once, so that its first
   * activation has the signal. The handle's `isNew` tells which it was. Errors as in `startWorkflow` and `signal`.
   */
  signalWithStart<Input, Output>(
    definition: Pick<WorkflowDefinition<Input, Output>, "name" | "run">,
    input: Input,
    options: SignalWithStartOptions,
  ): Promise<StartedWorkflow<Output>>;
  signalWithStart<Output = unknown>(
    kind: string,
    input: unknown,
    options: SignalWithStartOptions,
  ): Promise<StartedWorkflow<Output>>;
  async signalWithStart(
    definition: string | Pick<AnyWorkflow, "name">,
    input: unknown,
    options: SignalWithStartOptions,
  ): Promise<StartedWorkflow<unknown>> {
    const { id, isNew } = await this.#calls.signalWithStart(this.#newWorkflow(definition, input), options);
    return { ...this.getHandle(id), isNew };
  }

  /** A handle for an execution that was started elsewhere. The definition only gives the type of the output. */
  getHandle<Output = unknown>(
    id: string,
    _definition?: Pick<WorkflowDefinition<never, Output>, "run">,
  ): WorkflowHandle<Output> {
    return {
      id,
      result: async (options = {}) => {
        const { timeout: timeoutMs } = readOptions(options, "result: ", resultTable);
        freeName(id, "result: workflowId");
        const wait = { connection: this.#connection, metadata: this.#metadata, workflowId: id, timeoutMs };
        return (await waitForResult(wait)) as Output;
      },
      signal: (name, value, options = {}) => this.#calls.signal(id, name, value, options),
      query: (name, params) => this.#calls.query(id, name, params) as Promise<never>,
      cancel: (reason = "", options = {}) => this.#calls.cancel(id, reason, options),
    };
  }

  /** The same as `signal` of the handle. */
  signal(workflowId: string, name: string, value?: unknown, options: SignalOptions = {}): Promise<SentSignal> {
    return this.#calls.signal(workflowId, name, value, options);
  }

  /** The same as `query` of the handle. */
  query<Result = unknown>(workflowId: string, name: string, params?: unknown): Promise<Result> {
    return this.#calls.query(workflowId, name, params) as Promise<Result>;
  }

  /** The same as `cancel` of the handle. */
  cancel(workflowId: string, reason = "", options: CancelOptions = {}): Promise<boolean> {
    return this.#calls.cancel(workflowId, reason, options);
  }

  /**
   * Resolves a promise of a workflow. To do the same again is no error. Errors: FlovynServiceError, as NOT_FOUND when there is
   * no such promise and FAILED_PRECONDITION when it was settled otherwise; TypeError when the value has no JSON form.
   */
  resolvePromise(promise: PromiseReference, value?: unknown): Promise<void> {
    return this.#calls.resolvePromise(promise, value);
  }

  /** Rejects a promise of a workflow, which gets the text of the error. Errors as in `resolvePromise`. */
  rejectPromise(promise: PromiseReference, error: Error | string): Promise<void> {
    return this.#calls.rejectPromise(promise, error);
  }

  #newWorkflow(definition: string | Pick<AnyWorkflow, "name">, input: unknown) {
    return { queue: this.#settings.queue, kind: definitionName(definition, "start: workflow"), input };
  }

  #register<Definition extends { name: string; run: unknown }>(
    known: Map<string, Definition>,
    definition: Definition,
    what: string,
  ): void {
    if (typeof member(definition, "name") !== "string" || typeof member(definition, "run") !== "function") {
      throw wrong(`register: ${what}`, `a definition made by ${what}()`, definition);
    }
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
