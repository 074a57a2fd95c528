import type { ChildWorkflowOptions, ScheduleOptions, WorkflowContext } from "../definitions/workflow-context.js";
import type { LogFields, Logger } from "../logger.js";
import { freeName, key, name as signalName } from "../options/checks.js";
import { cancelChild } from "./calls/cancel-child.js";
import { checkCancellation } from "./calls/cancellation.js";
import { scheduleChild, withoutChild } from "./calls/child-workflow.js";
import { createPromise } from "./calls/durable-promise.js";
import { any, race } from "./calls/first-of.js";
import { resolvePromise } from "./calls/resolve-promise.js";
import { runOperation } from "./calls/run-operation.js";
import { scheduleTask } from "./calls/schedule-task.js";
import type { ActivationScope } from "./calls/scope.js";
import { drainSignals, hasSignal, waitForSignal } from "./calls/signals.js";
import { sleep, sleepUntil, withoutTimer } from "./calls/sleep.js";
import { clearState, getState, setState } from "./calls/state.js";
import { withTimeout } from "./calls/with-timeout.js";
import { neverSettles, quietRejection } from "./quiet-promise.js";
import { checkOutsideOperation } from "./running-code.js";

/** The context of one activation. */
export function createWorkflowContext(scope: ActivationScope): WorkflowContext {
  const later = <Result extends Promise<unknown>>(call: string, make: () => Result, instead = same<Result>) =>
    asyncCall(scope, `ctx.${call}`, make, instead) as never;
  const now = <Result>(call: string, make: () => Result) => syncCall(scope, `ctx.${call}`, make);
  const context: WorkflowContext = {
    executionId: scope.executionId,
    input: scope.input,
    log: replayAwareLog(scope),
    schedule: (task: Parameters<typeof scheduleTask>[1], ...[input, options]: unknown[]) =>
      later("schedule", () => scheduleTask(scope, task, input, options as ScheduleOptions)),
    run: (name, fn) => later("run", () => runOperation(scope, name, fn)),
    sleep: (duration) => later("sleep", () => sleep(scope, duration), withoutTimer),
    sleepUntil: (time) => later("sleepUntil", () => sleepUntil(scope, time), withoutTimer),
    withTimeout: (promise, timeout) => later("withTimeout", () => withTimeout(scope, promise, timeout)),
    race: (promises: Iterable<unknown>) => later("race", () => race(promises)),
    any: (promises: Iterable<unknown>) => later("any", () => any(promises)),
    promise: (name, options) => later("promise", () => createPromise(scope, name, options)),
    resolvePromise: (reference, value) =>
      now("resolvePromise", () => resolvePromise(scope, freeName(reference, "ctx.resolvePromise: name"), value)),
    scheduleWorkflow: (workflow: Parameters<typeof scheduleChild>[1], ...[input, options]: unknown[]) =>
      later(
        "scheduleWorkflow",
        () => scheduleChild(scope, workflow, input, options as ChildWorkflowOptions),
        (promise) => withoutChild(promise, ""),
      ),
    cancelWorkflow: (child, reason) => now("cancelWorkflow", () => cancelChild(scope, child, reason)),
    waitForSignal: (name) =>
      later("waitForSignal", () => waitForSignal(scope, signalName(name, "ctx.waitForSignal: name")), withoutTimer),
    hasSignal: (name) => now("hasSignal", () => hasSignal(scope, signalName(name, "ctx.hasSignal: name"))),
    drainSignals: (name) =>
      now("drainSignals", () => drainSignals(scope, signalName(name, "ctx.drainSignals: name"))) as never,
    checkCancellation: () => now("checkCancellation", () => checkCancellation(scope)),
    get: (name) => now("get", () => getState(scope, key(name, "ctx.get: key"))) as never,
    set: (name, value) => now("set", () => setState(scope, key(name, "ctx.set: key"), value)),
    clear: (name) => now("clear", () => clearState(scope, key(name, "ctx.clear: key"))),
    keys: () => now("keys", () => [...scope.state.keys()]),
    currentTime: () => new Date(readClock(scope)),
    now: () => readClock(scope),
    randomUUID: () => now("randomUUID", scope.newId),
    random: () => now("random", scope.random),
  };
  return Object.freeze(context);
}

function readClock({ replay, timeMillis }: ActivationScope): number {
  replay.clockWasRead();
  return timeMillis;
}

function same<Result>(promise: Promise<never>): Result {
  return promise as Result;
}

/**
 * After the end of the activation a call never settles: the next activation makes it again. A call that is refused before it
 * takes its position rejects. `instead` gives a promise that stands for no call the members of one that does.
 */
function asyncCall<Result>(
  scope: ActivationScope,
  call: string,
  make: () => Result,
  instead: (promise: Promise<never>) => Result,
): Result {
  try {
    checkOutsideOperation(call);
    return scope.closed ? instead(neverSettles()) : make();
  } catch (error) {
    return instead(quietRejection(error));
  }
}

function syncCall<Result>(scope: ActivationScope, call: string, make: () => Result): Result {
  checkOutsideOperation(call);
  if (scope.closed) {
    throw new Error(`${call} was called after the activation ended; the workflow awaited something that is not of ctx`);
  }
  return make();
}

function replayAwareLog(scope: ActivationScope): Logger {
  const line = (level: keyof Logger) => (message: string, fields?: LogFields) => {
    if (!scope.replay.repeating && !scope.closed) scope.log[level](message, fields);
  };
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}
