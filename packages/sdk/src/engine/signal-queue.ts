import type { RecordedEvent } from "./history.js";

/** A wait for a signal. */
export interface SignalWait {
  /** How many happenings the code had been given when it began to wait. */
  readonly round: number;
  /** Called at most once. */
  take(value: unknown): void;
}

interface Arrived {
  /** From 0, of the signals of the name. */
  readonly position: number;
  readonly value: unknown;
}

/** The signals of one name: those that arrived and were not taken, and the waits that no signal reached yet. */
export class SignalQueue {
  readonly #recorded: readonly RecordedEvent[];
  /** How many of the recorded ones arrived, and how many of them in their turn in history. */
  #arrived = 0;
  #passed = 0;
  #present: Arrived[] = [];
  #waiting: SignalWait[] = [];
  readonly #onEarlierRound: () => void;
  /** Signals on their way to a wait. */
  readonly #handed = new Map<SignalWait, Arrived>();

  /** `onEarlierRound` is called when a signal goes to a wait although a wait of a later round wants one too. */
  constructor(recorded: readonly RecordedEvent[], onEarlierRound: () => void) {
    this.#recorded = recorded;
    this.#onEarlierRound = onEarlierRound;
  }

  get size(): number {
    return this.#present.length;
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
    return this.#present.shift();
  }

  /** Gives what hands the wait the oldest one that arrived, undefined when there is none yet. */
  wait(wait: SignalWait): (() => void) | undefined {
    const present = this.#present.shift();
    if (present !== undefined) return this.#hand(wait, present);
    this.#waiting.push(wait);
    return undefined;
  }

  /**
   * Gives a wait up; false when the signal has reached it. One on its way goes back to its place, or to the next wait:
   * `hand` gives it to that one.
   */
  withdraw(wait: SignalWait): { readonly hand: (() => void) | undefined } | false {
    if (this.#waiting.includes(wait)) {
      this.#waiting = this.#waiting.filter((one) => one !== wait);
      return { hand: undefined };
    }
    const handed = this.#handed.get(wait);
    if (handed === undefined) return false;
    this.#handed.delete(wait);
    const next = this.#waiting.shift();
    if (next !== undefined) return { hand: this.#hand(next, handed) };
    this.#present = [...this.#present, handed].sort((a, b) => a.position - b.position);
    return { hand: undefined };
  }

  #comesBy(through: number): boolean {
    const next = this.#recorded[this.#arrived];
    return next !== undefined && next.sequence <= through;
  }

  #arrive(): (() => void) | undefined {
    const value = this.#recorded[this.#arrived]?.data.signalValue ?? null;
    const arrived = { position: this.#arrived, value };
    this.#arrived += 1;
    const wait = this.#waiting.shift();
    if (wait === undefined) {
      this.#present.push(arrived);
      return undefined;
    }
    if (this.#waiting.some(({ round }) => round > wait.round)) this.#onEarlierRound();
    return this.#hand(wait, arrived);
  }

  #hand(wait: SignalWait, arrived: Arrived): () => void {
    this.#handed.set(wait, arrived);
    return () => {
      // Withdrawn meanwhile.
      if (this.#handed.get(wait) !== arrived) return;
      this.#handed.delete(wait);
      wait.take(arrived.value);
    };
  }
}
