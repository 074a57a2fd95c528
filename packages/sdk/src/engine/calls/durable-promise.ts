import { promiseTable } from "../../definitions/call-options.js";
import type { PromiseOptions } from "../../definitions/workflow-context.js";
import { PromiseRejectedError, PromiseTimeoutError } from "../../errors.js";
import { freeName } from "../../options/checks.js";
import { readOptions } from "../../options/read-options.js";
import type { CreatePromise } from "../commands.js";
import { promiseKey } from "../event-catalogue.js";
import type { RecordedEvent } from "../history.js";
import { neverSettles, type QuietPromise, quietPromise, quietRejection } from "../quiet-promise.js";
import type { ActivationScope } from "./scope.js";

/** A promise as the code has it. */
export interface DurablePromise {
  readonly name: string;
  /** Undefined in the activation that creates it: the server makes it. */
  readonly id: string | undefined;
  readonly idempotencyKey: string | undefined;
  /** Whether the code was given its outcome, or has resolved it. */
  settled: boolean;
}

export type DurablePromises = DurablePromise[];

/** Creates a promise, or joins the one that an earlier activation created here. Errors: RangeError as a rejection. */
export function createPromise(scope: ActivationScope, name: string, options: PromiseOptions = {}): Promise<unknown> {
  const { replay, promises } = scope;
  let settings: Settings;
  try {
    // Before the call takes its position: a call that is refused here leaves no event to match later.
    settings = readSettings(scope, name, options);
  } catch (error) {
    return quietRejection(error);
  }
  const position = replay.called("promise");
  const event = replay.match({
    callType: "promise",
    text: `create promise ${JSON.stringify(name)}`,
    matches: (held) => held.data.promiseName === name,
  });
  if (event === undefined) replay.commands.push({ type: "CREATE_PROMISE", name, ...settings });
  if (replay.fatal !== undefined) return neverSettles();
  const id = event === undefined ? undefined : String(event.data.promiseId);
  const promise: DurablePromise = { name, id, idempotencyKey: settings.idempotencyKey, settled: false };
  promises.push(promise);
  const outcome = quietPromise<unknown>();
  // No event can settle a promise that has no id yet; it is outstanding all the same.
  replay.awaitOutcome("promise", promiseKey(id ?? `without id, call ${position}`), (held) => {
    promise.settled = true;
    settle(outcome, { name, id: id ?? "" }, held);
  });
  return outcome.promise;
}

type Settings = Omit<CreatePromise, "type" | "name">;

function readSettings(scope: ActivationScope, name: string, options: PromiseOptions): Settings {
  const where = `ctx.promise(${JSON.stringify(freeName(name, "ctx.promise: name"))}): `;
  const { timeout: timeoutMs, idempotencyKey, idempotencyKeyTtl } = readOptions(options, where, promiseTable);
  // The server would take a second promise under the key for a repeat of the first.
  if (idempotencyKey !== undefined && scope.promises.some((earlier) => earlier.idempotencyKey === idempotencyKey)) {
    throw new RangeError(`${where}idempotencyKey: an earlier promise of this workflow has it`);
  }
  return { timeoutMs, idempotencyKey, idempotencyKeyTtlSeconds: idempotencyKeyTtl };
}

function settle(outcome: QuietPromise<unknown>, promise: { name: string; id: string }, event: RecordedEvent): void {
  const { value, error } = event.data;
  if (event.type === "PROMISE_RESOLVED") outcome.resolve(value ?? null);
  else if (event.type === "PROMISE_TIMEOUT") outcome.reject(new PromiseTimeoutError(promise));
  else outcome.reject(new PromiseRejectedError(promise, typeof error === "string" ? error : "no reason given"));
}
