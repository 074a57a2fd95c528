/**
 * How existing SDKs replay. `read` of a family turns a history into the answers that its calls will get: one list for each
 * kind of call, because the n-th call of a kind is matched with the n-th event that initiates such a call, whatever stands
 * between. An answer that is not there yet suspends the code.
 *
 * Each family reads keys of its own, with fallbacks of its own, and takes other events for the end of a call; where it
 * would give up, its reader throws a ReplayError.
 */

/** The history cannot be replayed by this family. */
export class ReplayError extends Error {}

/** How a call ended; undefined while it is open. */
export type Ending = { value: unknown } | { error: string } | undefined;

export interface Replayed {
  operations: { name: string; result: unknown }[];
  /** What sets, and clears where they are matched, find: one list. */
  state: { type: "set" | "clear"; key: string; value?: unknown }[];
  tasks: { id: string; kind: string; ending: Ending }[];
  timers: { timerId: string; ending: Ending }[];
  promises: { id: string; name: string; ending: Ending }[];
  children: { id: string; name: string; kind: string; ending: Ending }[];
  /** Values by name of the signal, oldest first. */
  signals: Map<string, unknown[]>;
}
