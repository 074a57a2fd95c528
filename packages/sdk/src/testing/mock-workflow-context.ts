import { childWorkflowTable, promiseTable, scheduleTable } from "../definitions/call-options.js";
import type { PromiseOptions, WorkflowContext } from "../definitions/workflow-context.js";
import type { SignalPromise } from "../definitions/workflow-promises.js";
import { type DurationInput, toMilliseconds } from "../duration.js";
import { any, race } from "../engine/calls/first-of.js";
import { settleInTime } from "../engine/calls/with-timeout.js";
import { deterministicIds, deterministicRandom } from "../engine/deterministic-ids.js";
import {
  ChildWorkflowFailedError,
  OperationFailedError,
  PromiseRejectedError,
  PromiseTimeoutError,
  TaskFailedError,
  WorkflowCancelledError,
} from "../errors.js";
import { decodeJson, encodeJson } from "../json.js";
import {
  key as checkKey,
  promise as checkPromise,
  time as checkTime,
  definition,
  freeName,
  functionOption,
} from "../options/checks.js";
import { readOptions } from "../options/read-options.js";
import { readThrown } from "../thrown/read-thrown.js";
import { isInstance } from "../thrown/safely.js";
import { MockClock } from "./mock-clock.js";
import { MockPromises, MockSignals } from "./mock-messages.js";
import { MissingResultError, Script, type Scripted } from "./mock-script.js";
import { type LoggedLine, TaskRecord } from "./task-record.js";

export interface MockWorkflowOptions {
  executionId?: string;
  input?: unknown;
  /** The first time on the clock, 2025-01-01 when left out. Sleeps move it on. */
  startTime?: Date | number;
  /** Results of tasks by kind. An Error rejects the call with TaskFailedError. */
  tasks?: Readonly<Record<string, Scripted>>;
  /** Results of child workflows by kind. An Error rejects the call with ChildWorkflowFailedError. */
  workflows?: Readonly<Record<string, Scripted>>;
  /** Results of `ctx.run` by name; without one the function runs. */
  operations?: Readonly<Record<string, Scripted>>;
  /** Outcomes of promises by name; without one a promise stays open until it is resolved. */
  promises?: Readonly<Record<string, Scripted>>;
  /** Signals that are there, by name. */
  signals?: Readonly<Record<string, readonly unknown[]>>;
  state?: Readonly<Record<string, unknown>>;
}

/** One call of the code under test. */
export type MockCall =
  | { readonly call: "schedule"; readonly kind: string; readonly input: unknown; readonly options: unknown }
  | { readonly call: "scheduleWorkflow"; readonly kind: string; readonly input: unknown; readonly options: unknown }
  | { readonly call: "cancelWorkflow"; readonly id: string; readonly reason: string }
  | { readonly call: "run" | "waitForSignal" | "hasSignal" | "drainSignals"; readonly name: string }
  | { readonly call: "promise"; readonly name: string; readonly options: unknown }
  | { readonly call: "resolvePromise"; readonly name: string; readonly value: unknown }
  | { readonly call: "sleep" | "withTimeout"; readonly durationMs: number }
  | { readonly call: "set"; readonly key: string; readonly value: unknown }
  | { readonly call: "clear"; readonly key: string };

export interface MockWorkflowContext extends WorkflowContext {
  /** The calls so far, in order. */
  readonly calls: readonly MockCall[];
  readonly lines: readonly LoggedLine[];
  /** Sends a signal to the code under test. */
  sendSignal(name: string, value?: unknown): void;
  /** Lets `ctx.checkCancellation` throw from now on. */
  requestCancellation(reason?: string): void;
}

/**
 * A workflow context with scripted results for unit tests: `await order.run(createMockWorkflowContext({ tasks }), input)`.
 * It runs the function once, without replay; sleeps take no time. `TestServer` does what a server does.
 * Errors: TypeError when a value of the state has no JSON form.
 */
export function createMockWorkflowContext(options: MockWorkflowOptions = {}): MockWorkflowContext {
  const executionId = options.executionId ?? "00000000-0000-4000-8000-000000000002";
  const record = new TaskRecord();
  const clock = new MockClock(Number(options.startTime ?? Date.UTC(2025, 0, 1)));
  const mock: Mock = {
    options,
    calls: [],
    newId: deterministicIds(executionId),
    clock,
    signals: new MockSignals(options.signals),
  };
  let cancellation: string | undefined;
  return {
    executionId,
    input: options.input,
    log: record.logger(),
    calls: mock.calls,
    lines: record.lines,
    ...mockWork(mock),
    ...mockTime(mock),
    ...mockPromises(mock),
    ...mockSignals(mock),
    ...mockState(mock),
    currentTime: () => new Date(clock.now()),
    now: () => clock.now(),
    randomUUID: mock.newId,
    random: deterministicRandom(executionId),
    requestCancellation: (reason = "") => {
      cancellation = reason;
    },
    checkCancellation: () => {
      if (cancellation !== undefined) throw new WorkflowCancelledError(executionId, cancellation);
    },
  };
}

/** What the calls of one mock share. */
interface Mock {
  readonly options: MockWorkflowOptions;
  readonly calls: MockCall[];
  readonly newId: () => string;
  readonly clock: MockClock;
  readonly signals: MockSignals;
}

type Definition = string | { readonly name: string };

function mockWork({ options, calls, newId }: Mock) {
  const tasks = new Script("tasks", options.tasks);
  const workflows = new Script("workflows", options.workflows);
  const operations = new Script("operations", options.operations);
  let children = 0;
  const cancelWorkflow = (child: string | { id: string }, reason = "") => {
    calls.push({ call: "cancelWorkflow", id: typeof child === "string" ? child : child.id, reason });
  };
  const schedule = (task: Definition, input?: unknown, given?: unknown) => {
    const [kind, taskId] = [definition(task, "ctx.schedule: task"), newId()];
    readOptions(given, `ctx.schedule(${JSON.stringify(kind)}): `, scheduleTable);
    calls.push({ call: "schedule", kind, input, options: given });
    return asOutcome(tasks.play(kind, input), (failure) => new TaskFailedError({ taskId, kind, failure }));
  };
  const scheduleWorkflow = (workflow: Definition, input?: unknown, given: { name?: string } = {}) => {
    const [kind, id] = [definition(workflow, "ctx.scheduleWorkflow: workflow"), newId()];
    readOptions(given, `ctx.scheduleWorkflow(${JSON.stringify(kind)}): `, childWorkflowTable);
    children += 1;
    const name = given.name ?? `${kind}-${children}`;
    calls.push({ call: "scheduleWorkflow", kind, input, options: given });
    const fail = (failure: string) => new ChildWorkflowFailedError({ name, id, failure });
    const cancel = (reason?: string) => cancelWorkflow(id, reason);
    return Object.assign(asOutcome(workflows.play(kind, input), fail), { id, name, cancel });
  };
  const run = (name: string, fn: () => unknown) => {
    freeName(name, "ctx.run: name");
    functionOption(fn, `ctx.run(${JSON.stringify(name)}): function`);
    calls.push({ call: "run", name });
    const result = operations.has(name) ? operations.play(name, undefined) : Promise.resolve().then(fn);
    return asOutcome(result, (message, errorName) => new OperationFailedError({ operation: name, errorName, message }));
  };
  return {
    schedule: schedule as WorkflowContext["schedule"],
    scheduleWorkflow: scheduleWorkflow as WorkflowContext["scheduleWorkflow"],
    run: run as WorkflowContext["run"],
    cancelWorkflow,
  };
}

function mockTime({ calls, clock }: Mock) {
  const sleep = (durationMs: number) => {
    calls.push({ call: "sleep", durationMs });
    return clock.sleep(durationMs);
  };
  return {
    sleep: (duration: DurationInput) => sleep(toMilliseconds(duration, "ctx.sleep")),
    sleepUntil: (time: Date | number) => sleep(Math.max(checkTime(time, "ctx.sleepUntil") - clock.now(), 0)),
    withTimeout: <Value>(promise: Promise<Value>, timeout: DurationInput): Promise<Value> => {
      void checkPromise(promise, "ctx.withTimeout");
      const durationMs = toMilliseconds(timeout, "ctx.withTimeout");
      calls.push({ call: "withTimeout", durationMs });
      return settleInTime(promise, { timer: clock.sleep(durationMs), timeoutMs: durationMs });
    },
    race: race as WorkflowContext["race"],
    any: any as WorkflowContext["any"],
  };
}

function mockPromises({ options, calls, newId }: Mock) {
  const promises = new MockPromises(new Script("promises", options.promises));
  return {
    promise: (name: string, given?: PromiseOptions) => {
      readOptions(given, `ctx.promise(${JSON.stringify(freeName(name, "ctx.promise: name"))}): `, promiseTable);
      calls.push({ call: "promise", name, options: given });
      const promise = { name, id: newId() };
      return asOutcome(
        promises.create(name),
        (message) => new PromiseRejectedError(promise, message),
      ) as Promise<never>;
    },
    resolvePromise: (name: string, value?: unknown) => {
      calls.push({ call: "resolvePromise", name, value });
      promises.resolve(name, asJson(value));
    },
  };
}

function mockSignals({ calls, signals }: Mock) {
  return {
    waitForSignal: (name: string) => {
      calls.push({ call: "waitForSignal", name });
      return signals.wait(name) as SignalPromise<never>;
    },
    hasSignal: (name: string) => {
      calls.push({ call: "hasSignal", name });
      return signals.has(name);
    },
    drainSignals: (name: string) => {
      calls.push({ call: "drainSignals", name });
      return signals.drain(name) as never[];
    },
    sendSignal: (name: string, value?: unknown) => signals.send(name, asJson(value)),
  };
}

function mockState({ options, calls }: Mock) {
  const state = new Map(Object.entries(options.state ?? {}).map(([key, value]) => [key, asJson(value)]));
  return {
    get: (key: string) => asJson(state.get(key)) as never,
    set: (key: string, value: unknown) => {
      calls.push({ call: "set", key: checkKey(key, "ctx.set: key"), value: asJson(value) });
      state.set(key, asJson(value));
    },
    clear: (key: string) => {
      calls.push({ call: "clear", key });
      state.delete(key);
    },
    keys: () => [...state.keys()],
  };
}

/** What a value becomes on its way. Errors: TypeError without a JSON form. */
function asJson(value: unknown): unknown {
  return decodeJson(encodeJson(value, "a value"));
}

/** What calls of a real context may reject with. */
const failures = [
  TaskFailedError,
  ChildWorkflowFailedError,
  OperationFailedError,
  PromiseRejectedError,
  PromiseTimeoutError,
];

/** Rejects as the real call would. Errors of a call, and the mock's own, stay as they are. */
function asOutcome(result: Promise<unknown>, fail: (message: string, errorName: string) => Error): Promise<unknown> {
  const outcome = result.then(asJson, (error: unknown) => {
    if ([MissingResultError, ...failures].some((kind) => isInstance(error, kind))) throw error;
    const { name = "Error", text } = readThrown(error);
    throw fail(text, name);
  });
  // The loser of a race may fail unnoticed.
  outcome.catch(() => {});
  return outcome;
}
