import type { RecordedEvent } from "./history.js";

/** Takes one signal; called at most once. */
export type SignalTaker = (value: unknown) => void;

/** The signals of one name: those that arrived and were not taken, and the waits that no signal reached yet. */
export class SignalQueue {
  readonly #recorded: readonly RecordedEvent[];
  /** How many of the recorded ones arrived, and how many of them in their turn in history. */
  #arrived = 0;
  #passed = 0;
  #values: unknown[] = [];
  #waiting: SignalTaker[] = [];

  constructor(recorded: readonly RecordedEvent[]) {
    this.#recorded = recorded;
  }

  get size(): number {
    return this.#values.length;
  }

  get awaited(): boolean {
    return this.#waiting.length > 0;
  }

  /** Event sequence of the last one that arrived, 0 before the first. */
  get through(): number {
    return this.#recorded[this.#arrived - 1]?.sequence ?? 0;
  }

  /** Replay comes to the next one in history. Gives what hands it to a wait, if one does. */
  pass(): (() => void) | undefined {
    this.#passed += 1;
    // A look saw it before its turn.
    return this.#passed <= this.#arrived ? undefined : this.#arrive();
  }

  /** Lets those up to an event sequence arrive before their turn. Gives what hands them to waits. */
  pull(through: number): (() => void)[] {
    const handed: (() => void)[] = [];
    while (this.#comesBy(through)) {
      const hand = this.#arrive();
      if (hand !== undefined) handed.push(hand);
    }
    return handed;
  }

  /** Takes the oldest one that arrived. */
  take(): { readonly value: unknown } | undefined {
    return this.#values.length === 0 ? undefined : { value: this.#values.shift() };
  }

  wait(taker: SignalTaker): void {
    this.#waiting.push(taker);
  }

  /** False when the taker does not wait any more. */
  withdraw(taker: SignalTaker): boolean {
    const waiting = this.#waiting.includes(taker);
    this.#waiting = this.#waiting.filter((one) => one !== taker);
    return waiting;
  }

  #comesBy(through: number): boolean {
    const next = this.#recorded[this.#arrived];
    return next !== undefined && next.sequence <= through;
  }

  #arrive(): (() => void) | undefined {
    const value = this.#recorded[this.#arrived]?.data.signalValue ?? null;
    this.#arrived += 1;
    const taker = this.#waiting.shift();
    if (taker === undefined) this.#values.push(value);
    return taker && (() => taker(value));
  }
}
