import { encodeJson } from "../../json.js";
import type { ActivationScope } from "./scope.js";

/** Reads what the calls of this activation, repeated ones included, have set. */
export function getState(scope: ActivationScope, key: string): unknown {
  const text = scope.state.get(key);
  // Parsed anew each time: a caller who changes the value must not change the state with it.
  return text === undefined ? null : JSON.parse(text);
}

export function setState(scope: ActivationScope, key: string, value: unknown): void {
  const event = scope.replay.match({
    callType: "state",
    text: `set state key ${JSON.stringify(key)}`,
    matches: (held) => held.type === "STATE_SET" && held.data.key === key,
  });
  if (event !== undefined) {
    scope.state.set(key, JSON.stringify(event.data.value ?? null));
    return;
  }
  try {
    const bytes = encodeJson(value, `the value of state key ${JSON.stringify(key)}`);
    scope.replay.commands.push({ type: "SET_STATE", key, value: bytes });
    scope.state.set(key, bytes.toString("utf8"));
  } catch (error) {
    scope.replay.fail(error as TypeError);
  }
}

export function clearState(scope: ActivationScope, key: string): void {
  const event = scope.replay.match({
    callType: "state",
    text: `clear state key ${JSON.stringify(key)}`,
    matches: (held) => held.type === "STATE_CLEARED" && held.data.key === key,
  });
  if (event === undefined) scope.replay.commands.push({ type: "CLEAR_STATE", key });
  scope.state.delete(key);
}
