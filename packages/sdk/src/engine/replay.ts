import { decodeJson } from "../json.js";
import type { Command } from "./commands.js";
import type { CallType } from "./event-catalogue.js";
import type { Happening, History, PlacedCall, RecordedEvent } from "./history.js";
import { sameJson } from "./json-hash.js";
import { LocalEnds } from "./local-ends.js";
import { SignalLooks } from "./signal-looks.js";
import { SignalQueue } from "./signal-queue.js";
import type { SignalWarnings } from "./signal-warnings.js";
import { type Asked, inputViolation, missing, violation } from "./violation.js";

/** Lets the workflow function go on. */
export type Delivery = () => void;

/** What a call may wait for. */
export type Outstanding = CallType | "signal";

/** The pure part of an activation: where the function stands in history, what it asked for anew, what it gets next. */
export class Replay {
  readonly commands: Command[] = [];
  readonly looks: SignalLooks;
  /** Operations, and timers that come due meanwhile. */
  readonly local: LocalEnds;
  readonly #history: History;
  readonly #called: Record<PlacedCall, number> = { task: 0, state: 0, timer: 0, promise: 0, child: 0 };
  readonly #waiting = new Map<string, { callType: PlacedCall; settle: (event: RecordedEvent) => void }>();
  /** Outcomes of calls that the function has not made yet. */
  readonly #early = new Map<string, RecordedEvent>();
  readonly #signals = new Map<string, SignalQueue>();
  readonly #ready: Delivery[] = [];
  #readyTaken = 0;
  #happeningsTaken = 0;
  #matched = 0;
  #clockRead = false;
  #newCalls = 0;
  #fatal: Error | undefined;

  readonly #warnings: SignalWarnings;

  constructor(history: History, warnings: SignalWarnings) {
    this.#warnings = warnings;
    this.#history = history;
    this.looks = new SignalLooks(this, history.marks);
    this.local = new LocalEnds(history.ends, {
      commands: this.commands,
      passed: (through) => (this.#history.happenings[this.#happeningsTaken]?.event.sequence ?? through + 1) > through,
      fail: (error) => this.fail(error),
      decode: decodeJson,
    });
  }

  /** Set when the function must not go on, whatever it does with the error. */
  get fatal(): Error | undefined {
    return this.#fatal;
  }

  /** Calls so far that history does not know. */
  get newCalls(): number {
    return this.#newCalls;
  }

  /** True while history shows that an earlier activation went on from here: the function only repeats what that one did. */
  get repeating(): boolean {
    return this.#newCalls === 0 && (this.#unmade !== undefined || this.looks.markedAhead);
  }

  /** How many happenings replay has come to. */
  get round(): number {
    return this.#happeningsTaken + this.local.taken;
  }

  /** What the calls of the function still wait for. */
  outstanding(): Outstanding[] {
    const kinds = new Set<Outstanding>();
    for (const { callType } of this.#waiting.values()) kinds.add(callType);
    for (const queue of this.#signals.values()) if (queue.awaited) kinds.add("signal");
    return [...kinds];
  }

  /** The reason of a cancellation that was asked for, undefined without one. */
  get cancellation(): string | undefined {
    return this.#history.cancellation;
  }

  /** The first failure counts; what comes after it is its consequence. */
  fail(error: Error): void {
    this.#fatal ??= error;
  }

  /** How many calls of a type the function has made. */
  called(callType: PlacedCall): number {
    return this.#called[callType];
  }

  /** Whether history holds the outcome that a call waits for under this key, replay come to it or not. */
  ended(key: string): boolean {
    return this.#history.ended.has(key);
  }

  /** The time of the activation was given to the code. Inputs may hold it from now on, and differ on a replay. */
  clockWasRead(): void {
    this.#clockRead = true;
  }

  /**
   * The event that a call left in an earlier activation, undefined when the call is new.
   * A call that differs from the event in its place, in the order of all calls, fails the workflow.
   */
  match(asked: Asked<PlacedCall>): RecordedEvent | undefined {
    const position = this.#matched++;
    this.#called[asked.callType] += 1;
    const held = this.#history.initiated[position];
    if (held === undefined) {
      this.#newCalls += 1;
      return undefined;
    }
    const { callType, event } = held;
    if (callType !== asked.callType || !asked.matches(event)) this.fail(violation(asked, position, event));
    else if (!this.#clockRead) this.#compareInputs(asked, position, event);
    return event;
  }

  /** Fails the workflow when history is used up, but holds calls that the function did not make. */
  checkAllMade(instead: string): void {
    // A cancellation may end the function before it comes to them.
    if (this.#unmade !== undefined && this.cancellation === undefined) this.fail(missing(this.#unmade, instead));
  }

  /** Registers a call that ends with an outcome event. `settle` runs in its turn, at most once. */
  awaitOutcome(callType: PlacedCall, key: string, settle: (event: RecordedEvent) => void): void {
    const early = this.#early.get(key);
    if (early === undefined) {
      this.#waiting.set(key, { callType, settle });
    } else {
      this.#early.delete(key);
      this.addReady(() => settle(early));
    }
  }

  /** Nobody waits for this outcome any more. */
  forget(key: string): void {
    this.#waiting.delete(key);
  }

  /** The signals of a name, as far as replay has come. */
  signals(name: string): SignalQueue {
    let queue = this.#signals.get(name);
    if (queue === undefined) {
      queue = new SignalQueue(this.#history.signals.get(name) ?? [], () => this.#warnings.earlierRound(name));
      this.#signals.set(name, queue);
    }
    return queue;
  }

  /** Queues something that is known already. */
  addReady(delivery: Delivery): void {
    this.#ready.push(delivery);
  }

  /** What history lets the function go on with, undefined when nothing is left of it. */
  next(): Delivery | undefined {
    const ready = this.#ready[this.#readyTaken];
    if (ready !== undefined) {
      this.#readyTaken += 1;
      return ready;
    }
    for (;;) {
      const ended = this.local.nextRecorded();
      if (ended !== undefined) return ended;
      const happening = this.#history.happenings[this.#happeningsTaken];
      if (happening === undefined) return undefined;
      this.#happeningsTaken += 1;
      this.local.happened(happening.event.sequence);
      const deliver = happening.what === "signal" ? this.signals(happening.name).pass() : this.#take(happening);
      if (deliver !== undefined) return deliver;
    }
  }

  /** What ended in this process by now and lets the function go on. History gets a trace of it. */
  nextEnded(nowMs: number): Delivery | undefined {
    const deliver = this.local.nextEnded(nowMs);
    if (deliver === undefined) return undefined;
    return () => {
      this.#newCalls += 1;
      deliver();
    };
  }

  /** The first call that history holds and the function has not made, or was not given the result of. */
  get #unmade(): RecordedEvent | undefined {
    return this.#history.initiated[this.#matched]?.event ?? this.local.unmade;
  }

  #compareInputs(asked: Asked, position: number, event: RecordedEvent): void {
    if (asked.input === undefined || !("input" in event.data)) return;
    try {
      const [given, held] = [asked.input(), event.data.input];
      if (!sameJson(given, held)) this.fail(inputViolation(asked, position, { event, given, held }));
    } catch (error) {
      this.fail(error as Error);
    }
  }

  #take({ key, event }: Extract<Happening, { what: "outcome" }>): (() => void) | undefined {
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) this.#early.set(key, event);
    else this.#waiting.delete(key);
    return waiting && (() => waiting.settle(event));
  }
}
