import { OperationCancelledError, OperationFailedError } from "../../errors.js";
import { encodeJson } from "../../json.js";
import { freeName, functionOption } from "../../options/checks.js";
import { readThrown } from "../../thrown/read-thrown.js";
import { neverSettles, type QuietPromise, quietPromise, quietRejection } from "../quiet-promise.js";
import { runningCode } from "../running-code.js";
import { reservedPrefix } from "../signal-mark.js";
import { type Asked, operationName } from "../violation.js";
import type { ActivationScope } from "./scope.js";
import { withdrawable } from "./withdraw.js";

/** A result that says the function threw. History knows no failed operation, so the failure travels as a result. */
const failureKey = "flovyn:operationFailed";

/** Runs outside work once and keeps its result, or gives the result that was kept. Errors: RangeError, also as a rejection. */
export function runOperation(scope: ActivationScope, name: string, fn: () => unknown): Promise<unknown> {
  const { replay } = scope;
  freeName(name, "ctx.run: name");
  functionOption(fn, `ctx.run(${JSON.stringify(name)}): function`);
  if (name.startsWith(reservedPrefix)) {
    return quietRejection(new RangeError(`ctx.run: names that begin with ${reservedPrefix} are reserved`));
  }
  if (replay.fatal !== undefined) return neverSettles();
  const settled = quietPromise<unknown>();
  const withdraw = replay.local.call({
    name,
    asked: asked(name),
    execute: () => execute(scope, name, fn),
    settle: (result) => settle(settled, name, result),
  });
  return withdrawable(settled.promise, () => {
    if (!scope.closed && withdraw()) settled.reject(new OperationCancelledError(name));
  });
}

function asked(name: string): Asked {
  return {
    callType: "operation",
    text: `run operation ${JSON.stringify(name)}`,
    matches: (held) => operationName(held.data) === name,
  };
}

/** Never rejects. */
async function execute(scope: ActivationScope, name: string, fn: () => unknown): Promise<Buffer> {
  try {
    const value = await runningCode.run({ executionId: scope.executionId, operation: name }, fn);
    return encodeJson(value, `the result of ctx.run(${JSON.stringify(name)})`);
  } catch (thrown) {
    const { name = "Error", text: message } = readThrown(thrown);
    return encodeJson({ [failureKey]: { name, message } }, "an error");
  }
}

function settle(settled: QuietPromise<unknown>, operation: string, result: unknown): void {
  const failure = readFailure(result);
  if (failure === undefined) settled.resolve(result);
  else settled.reject(new OperationFailedError({ operation, errorName: failure.name, message: failure.message }));
}

function readFailure(result: unknown): { name: string; message: string } | undefined {
  if (result === null || typeof result !== "object" || !(failureKey in result)) return undefined;
  const failure = result[failureKey] as { name?: unknown; message?: unknown } | null;
  return { name: String(failure?.name ?? "Error"), message: String(failure?.message ?? "") };
}
