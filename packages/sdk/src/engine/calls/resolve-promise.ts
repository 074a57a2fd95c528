import { encodeJson } from "../../json.js";
import { promiseKey } from "../event-catalogue.js";
import type { DurablePromise } from "./durable-promise.js";
import type { ActivationScope } from "./scope.js";

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Resolves a promise of this workflow. Which one follows from what the code did and was given so far, so it is the same on
 * every replay. The command is left out once history tells how that promise ended: its outcome reaches the code as an event,
 * also when somebody else was first.
 * Errors: Error when there is no such promise, TypeError when the value has no JSON form.
 */
export function resolvePromise(scope: ActivationScope, reference: string, value: unknown): void {
  const { replay } = scope;
  const bytes = encodeJson(value, `the value of promise ${JSON.stringify(reference)}`);
  const resolve = (promise: string) => replay.commands.push({ type: "RESOLVE_PROMISE", promise, value: bytes });
  const called = scope.promises.filter(({ name, id }) => name === reference || sameId(id, reference));
  if (called.length === 0) {
    if (!uuid.test(reference)) throw new Error(`this workflow has created no promise ${JSON.stringify(reference)}`);
    if (!replay.ended(promiseKey(reference))) resolve(reference);
    return;
  }
  const open = called.find((promise) => !promise.settled);
  if (open === undefined) return;
  open.settled = true;
  // A promise without id is the only open one of its name: those before it have ended, or end by a command before this one.
  if (open.id === undefined) resolve(open.name);
  else if (!replay.ended(promiseKey(open.id))) resolve(open.id);
}

function sameId(id: DurablePromise["id"], reference: string): boolean {
  return id !== undefined && id.toLowerCase() === reference.toLowerCase();
}
