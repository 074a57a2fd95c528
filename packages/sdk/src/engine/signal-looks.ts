import type { Replay } from "./replay.js";
import { markCommand, type SignalMark } from "./signal-mark.js";
import { lookViolation } from "./violation.js";

/**
 * Makes looks for signals, which do not wait, see the same on every replay. A look sees the signals that arrived before
 * the last thing that the function was given. One that is made for the first time sees all that are in history, and if
 * that is more, a mark keeps how far it saw. So that a replay can tell the first time from a repetition, an activation that
 * leaves nothing else behind its last look leaves a mark. The README explains why nothing less would do.
 */
export class SignalLooks {
  readonly #replay: Replay;
  readonly #marks: ReadonlyMap<number, SignalMark>;
  readonly #lastMarked: number;
  #made = 0;
  /** The last look that was made for the first time and left no mark. */
  #unmarked: { look: number; signal: string; through: number; newCalls: number } | undefined;

  constructor(replay: Replay, marks: ReadonlyMap<number, SignalMark>) {
    this.#replay = replay;
    this.#marks = marks;
    this.#lastMarked = [...marks.keys()].reduce((last, look) => Math.max(last, look), -1);
  }

  /** Whether history holds a mark of a look that the function has not made yet. */
  get markedAhead(): boolean {
    return this.#made <= this.#lastMarked;
  }

  /** Lets the signals arrive that a look made now sees. */
  look(signal: string): void {
    const { repeating } = this.#replay;
    const look = this.#made++;
    const mark = this.#marks.get(look);
    if (mark !== undefined) {
      if (mark.signal !== signal) this.#replay.fail(lookViolation(look, signal, mark));
      this.#pull(signal, mark.through);
    } else if (!repeating) {
      this.#lookAnew(look, signal);
    }
  }

  /** Before a suspend: the mark without which a replay would take the last look for a new one. */
  leaveTrace(): void {
    const unmarked = this.#unmarked;
    if (unmarked === undefined || unmarked.newCalls !== this.#replay.newCalls) return;
    this.#replay.commands.push(markCommand(unmarked.look, unmarked));
  }

  #lookAnew(look: number, signal: string): void {
    const queue = this.#replay.signals(signal);
    const before = queue.through;
    this.#pull(signal, Number.POSITIVE_INFINITY);
    const { through } = queue;
    if (through > before) {
      this.#unmarked = undefined;
      this.#replay.commands.push(markCommand(look, { signal, through }));
    } else {
      this.#unmarked = { look, signal, through, newCalls: this.#replay.newCalls };
    }
  }

  #pull(signal: string, through: number): void {
    for (const deliver of this.#replay.signals(signal).pull(through)) this.#replay.addReady(deliver);
  }
}
