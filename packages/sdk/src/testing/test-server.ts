import { type PromiseReference, toPromiseId } from "../client/promise-reference.js";
import {
  checkSignalWithStart,
  type SentSignal,
  type SignalOptions,
  type SignalWithStartOptions,
  signalTable,
  toSignal,
} from "../client/signal-options.js";
import { type StartOptions, toStartRequest } from "../client/start-options.js";
import type { CallArgs } from "../definitions/call-args.js";
import type { AnyTask } from "../definitions/task.js";
import type { AnyWorkflow, WorkflowDefinition } from "../definitions/workflow.js";
import { type DurationInput, toMilliseconds } from "../duration.js";
import { encodeJson } from "../json.js";
import { guardedLogger, type Logger, silentLogger } from "../logger.js";
import { definition as definitionName, duration, listOf, logger, time } from "../options/checks.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import { readThrown } from "../thrown/read-thrown.js";
import { asCall } from "./domain-errors.js";
import { Driver } from "./driver.js";
import { createTestHandle } from "./handles.js";
import type { TestHandle } from "./test-handle.js";
import { findExecution, settle, signal } from "./world/messages.js";
import { startExecution, testOrgId } from "./world/start-execution.js";
import type { World } from "./world/world.js";

export interface TestServerOptions {
  workflows?: readonly AnyWorkflow[];
  tasks?: readonly AnyTask[];
  /** The first time on the clock, 2025-01-01 when left out. */
  startTime?: Date | number;
  /** Where log lines of workflows go. Nowhere when left out. */
  logger?: Logger;
  /** How long a result may be waited for, in real time, when nothing can bring it any more. 2 s when left out. */
  stuckAfter?: DurationInput;
}

const definitions = listOf((value, field) => {
  definitionName(value, field);
  return value;
});

export const testServerTable = {
  workflows: definitions,
  tasks: definitions,
  startTime: time,
  logger,
  stuckAfter: duration,
} satisfies OptionTable<TestServerOptions>;

/**
 * A server and a worker in this process, for tests. It decides as the real server does, keeps everything in memory, and has
 * a clock of its own, which jumps to what is due next when a result is waited for and nothing else can run. Tasks run for
 * real; register others under their names to replace them.
 */
export class TestServer {
  readonly #workflows = new Map<string, AnyWorkflow>();
  readonly #tasks = new Map<string, AnyTask>();
  readonly #driver: Driver;
  readonly #world: World;
  readonly #stuckMs: number;

  /** Errors: RangeError naming the option that is wrong. */
  constructor(options: TestServerOptions = {}) {
    const read = readOptions(options, "", testServerTable);
    this.registerWorkflow(...(options.workflows ?? []));
    this.registerTask(...(options.tasks ?? []));
    this.#driver = new Driver({
      startMs: read.startTime ?? Date.UTC(2025, 0, 1),
      workflows: this.#workflows,
      tasks: this.#tasks,
      log: guardedLogger(read.logger ?? silentLogger),
    });
    this.#world = this.#driver.world;
    this.#stuckMs = read.stuckAfter ?? 2000;
  }

  /** At any time. A definition takes the place of an earlier one of its name. */
  registerWorkflow(...definitions: readonly AnyWorkflow[]): this {
    for (const definition of definitions) this.#workflows.set(definition.name, definition);
    return this;
  }

  /** At any time. A definition takes the place of an earlier one of its name. */
  registerTask(...definitions: readonly AnyTask[]): this {
    for (const definition of definitions) this.#tasks.set(definition.name, definition);
    return this;
  }

  /** Milliseconds since 1970 on the server's clock. */
  now(): number {
    return this.#world.nowMs;
  }

  /** Starts a workflow. Errors as in `FlovynClient.startWorkflow`. */
  start<Input, Output>(
    definition: Pick<WorkflowDefinition<Input, Output>, "name" | "run">,
    ...args: CallArgs<Input, StartOptions>
  ): Promise<TestHandle<Output>>;
  start<Output = unknown>(kind: string, input?: unknown, options?: StartOptions): Promise<TestHandle<Output>>;
  async start(
    definition: string | Pick<AnyWorkflow, "name">,
    input?: unknown,
    options: StartOptions = {},
  ): Promise<TestHandle<unknown>> {
    const { id, isNew } = this.#start("StartWorkflow", { definition, input, options, liveOnly: false });
    return this.#handle(id, isNew);
  }

  /** Signals the workflow that goes by `workflowId`, and starts it before when none that lives does. */
  signalWithStart<Input, Output>(
    definition: Pick<WorkflowDefinition<Input, Output>, "name" | "run">,
    input: Input,
    options: SignalWithStartOptions,
  ): Promise<TestHandle<Output>>;
  signalWithStart<Output = unknown>(
    kind: string,
    input: unknown,
    options: SignalWithStartOptions,
  ): Promise<TestHandle<Output>>;
  async signalWithStart(
    definition: string | Pick<AnyWorkflow, "name">,
    input: unknown,
    given: SignalWithStartOptions,
  ): Promise<TestHandle<unknown>> {
    // A signal that cannot be sent starts nothing.
    checkSignalWithStart(definitionName(definition, "signalWithStart: workflow"), given);
    const { workflowId: idempotencyKey, signal: sent, ...rest } = given;
    toSignal(sent.name, sent.value);
    const options = { ...rest, idempotencyKey };
    const { id, isNew } = this.#start("SignalWithStartWorkflow", { definition, input, options, liveOnly: true });
    await this.signal(id, sent.name, sent.value, {
      ...(sent.signalId === undefined ? {} : { signalId: sent.signalId }),
    });
    return this.#handle(id, isNew);
  }

  /** A handle for any workflow, a child as well. Errors: FlovynServiceError NOT_FOUND. */
  getHandle<Output = unknown>(
    id: string,
    _definition?: Pick<WorkflowDefinition<never, Output>, "run">,
  ): TestHandle<Output> {
    return this.#handle(id, false) as TestHandle<Output>;
  }

  /** Errors: FlovynServiceError, as FAILED_PRECONDITION when the workflow has ended. */
  async signal(id: string, name: string, value?: unknown, options: SignalOptions = {}): Promise<SentSignal> {
    const { signalValue } = toSignal(name, value);
    const { signalId = null } = readOptions(options, `signal(${JSON.stringify(name)}): `, signalTable);
    const given = { name, value: signalValue, signalId };
    return asCall("SignalWorkflow", () => signal(this.#world, findExecution(this.#world, id), given));
  }

  /** Errors: FlovynServiceError, as NOT_FOUND, or FAILED_PRECONDITION when it was settled otherwise. */
  async resolvePromise(promise: PromiseReference, value?: unknown): Promise<void> {
    const bytes = encodeJson(value, "the value of the promise");
    asCall("ResolvePromise", () => settle(this.#world, toPromiseId(promise), { type: "RESOLVED", value: bytes }));
  }

  /** Errors as in `resolvePromise`. */
  async rejectPromise(promise: PromiseReference, error: Error | string): Promise<void> {
    const { text } = readThrown(error);
    asCall("RejectPromise", () => settle(this.#world, toPromiseId(promise), { type: "REJECTED", error: text }));
  }

  /**
   * Runs what can run without time, until workflows and tasks wait. A task that waits for something outside of the test
   * server is left waiting.
   */
  idle(): Promise<void> {
    return this.#driver.idle();
  }

  /** Moves the clock, and lets happen what is due until then, also while tasks run. Errors: RangeError. */
  async advance(duration: DurationInput): Promise<void> {
    await this.#driver.advance(toMilliseconds(duration, "advance"));
  }

  #start(
    operation: string,
    start: {
      definition: string | Pick<AnyWorkflow, "name">;
      input: unknown;
      options: StartOptions;
      liveOnly: boolean;
    },
  ): { id: string; isNew: boolean } {
    const { definition, input, options, liveOnly } = start;
    const kind = definitionName(definition, "start: workflow");
    const request = toStartRequest({ orgId: testOrgId, queue: "default", kind, input }, options);
    const { workflowVersion: version, idempotencyKey, idempotencyKeyTtlSeconds, queue, input: bytes } = request;
    const given = { kind, queue, input: bytes, version, idempotencyKey, idempotencyKeyTtlSeconds };
    const { execution, isNew } = asCall(operation, () => startExecution(this.#world, given, { liveOnly }));
    return { id: execution.workflow.id, isNew };
  }

  #handle(id: string, isNew: boolean): TestHandle<unknown> {
    const execution = asCall("GetEvents", () => findExecution(this.#world, id));
    return createTestHandle({ server: this, driver: this.#driver, stuckMs: this.#stuckMs }, execution, isNew);
  }
}
