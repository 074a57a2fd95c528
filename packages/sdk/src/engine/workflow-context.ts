import type { WorkflowContext } from "../definitions/workflow-context.js";
import type { LogFields, Logger } from "../logger.js";
import { runOperation } from "./calls/run-operation.js";
import { scheduleTask } from "./calls/schedule-task.js";
import type { ActivationScope } from "./calls/scope.js";
import { clearState, getState, setState } from "./calls/state.js";
import { neverSettles, quietRejection } from "./quiet-promise.js";
import { checkOutsideOperation } from "./running-code.js";

/** The context of one activation. */
export function createWorkflowContext(scope: ActivationScope): WorkflowContext {
  const context: WorkflowContext = {
    executionId: scope.executionId,
    input: scope.input,
    log: replayAwareLog(scope),
    schedule: (task: Parameters<typeof scheduleTask>[1], ...[input, options]: unknown[]) =>
      asyncCall(scope, "ctx.schedule", () => scheduleTask(scope, task, input, options ?? {})) as Promise<never>,
    run: (name, fn) => asyncCall(scope, "ctx.run", () => runOperation(scope, name, fn)) as Promise<never>,
    get: (key) => syncCall(scope, "ctx.get", () => getState(scope, key)) as never,
    set: (key, value) => syncCall(scope, "ctx.set", () => setState(scope, key, value)),
    clear: (key) => syncCall(scope, "ctx.clear", () => clearState(scope, key)),
    keys: () => syncCall(scope, "ctx.keys", () => [...scope.state.keys()]),
    currentTime: () => new Date(scope.timeMillis),
    now: () => scope.timeMillis,
    randomUUID: () => syncCall(scope, "ctx.randomUUID", scope.newId),
    random: () => syncCall(scope, "ctx.random", scope.random),
  };
  return Object.freeze(context);
}

/** After the end of the activation a call waits for ever: the next activation makes it again. */
function asyncCall<Result>(scope: ActivationScope, call: string, make: () => Promise<Result>): Promise<Result> {
  try {
    checkOutsideOperation(call);
  } catch (error) {
    return quietRejection(error);
  }
  return scope.closed ? neverSettles() : make();
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
    if (!scope.replay.replaying && !scope.closed) scope.log[level](message, fields);
  };
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}
