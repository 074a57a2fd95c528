import type { Command } from "./commands.js";
import type { RecordedEvent } from "./history.js";
import { type OrderMark, orderMarkCommand } from "./order-mark.js";
import { type Asked, violation } from "./violation.js";

/** A call of `ctx.run`. */
export interface OperationCall {
  readonly name: string;
  readonly asked: Asked;
  /** Does the outside work. Never rejects. */
  execute(): Promise<Buffer>;
  settle(result: unknown): void;
}

/** A timer that the code waits for. */
export interface OpenTimer {
  /** On the clock of this process. */
  readonly dueMs: number;
  fire(): void;
}

/** Something that ended in the process of an earlier activation, in its place among the others of history. */
export type RecordedEnd =
  | {
      readonly what: "operation";
      readonly call: number | undefined;
      readonly through: number;
      readonly event: RecordedEvent;
    }
  | { readonly what: "timer"; readonly timerId: string; readonly through: number; readonly event: RecordedEvent };

interface OpenOperation extends OperationCall {
  readonly call: number;
  started: boolean;
  result: Buffer | undefined;
}

/** What the ends need of the replay. */
export interface Surroundings {
  readonly commands: Command[];
  /** Whether all happenings up to this event sequence were taken. */
  passed(through: number): boolean;
  fail(error: Error): void;
  decode(result: Buffer): unknown;
}

/**
 * What ends within the process: operations, and timers that come due while an operation runs. They settle in the order in
 * which they end. History keeps that order: an operation without a mark before it is the first of those that were open, and
 * settled before the next happening; a mark (`order-mark.ts`) says where it was otherwise.
 */
export class LocalEnds {
  readonly #recorded: readonly RecordedEnd[];
  readonly #around: Surroundings;
  #recordedTaken = 0;
  #called = 0;
  #settled = 0;
  #open: OpenOperation[] = [];
  #ended: OpenOperation[] = [];
  readonly #timers = new Map<string, OpenTimer>();
  /** Happenings that every later end comes after, by history. */
  #through: number;
  /** The last happening that came while an operation was open. */
  #overtakenBy = 0;
  #lastHappening = 0;
  #onEnd = () => {};

  constructor(recorded: readonly RecordedEnd[], around: Surroundings) {
    this.#recorded = recorded;
    this.#around = around;
    this.#through = recorded.at(-1)?.through ?? 0;
  }

  /** The first of history that the code was not given, if any. */
  get unmade(): RecordedEvent | undefined {
    return this.#recorded[this.#recordedTaken]?.event;
  }

  /** How many the code was given. */
  get taken(): number {
    return this.#settled;
  }

  /** Whether the code waits for an operation. */
  get busy(): boolean {
    return this.#open.length > 0;
  }

  /** Registers a call. Gives what withdraws it, which answers false once the operation has settled. */
  call(operation: OperationCall): () => boolean {
    const open: OpenOperation = { ...operation, call: this.#called++, started: false, result: undefined };
    this.#open.push(open);
    return () => this.#close(open);
  }

  timer(timerId: string, timer: OpenTimer): void {
    this.#timers.set(timerId, timer);
  }

  forgetTimer(timerId: string): void {
    this.#timers.delete(timerId);
  }

  /** A happening was taken. */
  happened(sequence: number): void {
    this.#lastHappening = sequence;
    if (this.busy) this.#overtakenBy = sequence;
  }

  /** The next end that history holds, when its turn has come. */
  nextRecorded(): (() => void) | undefined {
    const end = this.#recorded[this.#recordedTaken];
    if (end === undefined || !this.#around.passed(end.through)) return undefined;
    if (end.what === "timer") {
      const timer = this.#timers.get(end.timerId);
      return timer && (() => this.#take(() => this.#fire(end.timerId, timer)));
    }
    const { call, event } = end;
    const open = call === undefined ? this.#open[0] : this.#open.find((one) => one.call === call);
    return open && (() => this.#take(() => this.#repeat(open, event)));
  }

  /**
   * Begins the operations that are open. Only once history holds nothing more for the code: until then any of them may be
   * one that was withdrawn.
   */
  start(): void {
    for (const open of this.#open) {
      if (open.started) continue;
      open.started = true;
      void open.execute().then((result) => {
        // Given up meanwhile: it leaves no trace.
        if (!this.#open.includes(open)) return;
        open.result = result;
        this.#ended.push(open);
        this.#onEnd();
      });
    }
  }

  /** What ended first, of operations and timers; gives undefined until something did. */
  nextEnded(nowMs: number): (() => void) | undefined {
    const operation = this.#ended.shift();
    if (operation !== undefined) return () => this.#record(operation);
    const first = this.#firstTimer();
    if (first === undefined || first.timer.dueMs > nowMs) return undefined;
    return () => {
      // The timer may have begun long before what was given to the code since.
      const through = Math.max(this.#through, this.#lastHappening);
      this.#mark({ timer: first.timerId, through });
      this.#fire(first.timerId, first.timer);
    };
  }

  /** When the first timer is due, undefined without one. */
  get dueMs(): number | undefined {
    return this.#firstTimer()?.timer.dueMs;
  }

  /** Calls back when an operation ends. */
  onEnd(callback: () => void): void {
    this.#onEnd = callback;
  }

  #firstTimer(): { timerId: string; timer: OpenTimer } | undefined {
    let first: { timerId: string; timer: OpenTimer } | undefined;
    for (const [timerId, timer] of this.#timers) {
      if (first === undefined || timer.dueMs < first.timer.dueMs) first = { timerId, timer };
    }
    return first;
  }

  #take(deliver: () => void): void {
    this.#recordedTaken += 1;
    deliver();
  }

  #fire(timerId: string, timer: OpenTimer): void {
    this.#settled += 1;
    this.#timers.delete(timerId);
    timer.fire();
  }

  #repeat(open: OpenOperation, event: RecordedEvent): void {
    this.#close(open);
    if (!open.asked.matches(event)) this.#around.fail(violation(open.asked, open.call, event));
    else open.settle(event.data.result ?? null);
  }

  #record(open: OpenOperation): void {
    const { call, name, result } = open;
    if (result === undefined) throw new Error(`operation "${name}" was recorded before it ended`);
    const first = this.#open[0] === open;
    const through = Math.max(this.#through, this.#overtakenBy);
    if (!first || through > this.#through) this.#mark(first ? { through } : { operation: call, through });
    this.#close(open);
    this.#around.commands.push({ type: "RECORD_OPERATION", name, result });
    // Read back from its bytes, so that code sees now exactly what it will see on replay.
    open.settle(this.#around.decode(result));
  }

  #mark(mark: OrderMark): void {
    this.#through = mark.through;
    this.#around.commands.push(orderMarkCommand(mark));
  }

  #close(open: OpenOperation): boolean {
    this.#settled += 1;
    const before = this.#open.length;
    this.#open = this.#open.filter((one) => one !== open);
    this.#ended = this.#ended.filter((one) => one !== open);
    return this.#open.length < before;
  }
}
