import type { Command } from "./commands.js";
import type { CallType, History, OutcomeEvent, RecordedEvent } from "./history.js";

/** Something that lets the workflow function go on. */
export interface Delivery {
  /** Outside work that must end first. */
  readonly after?: Promise<void>;
  deliver(): void;
}

/** A call as a determinism violation names it. */
export interface Asked {
  readonly callType: CallType;
  /** For people: `schedule task "charge"`. */
  readonly text: string;
  /** Whether an event is the trace of this call. */
  matches(event: RecordedEvent): boolean;
}

/** The pure part of an activation: where the function stands in history, what it asked for anew, what it gets next. */
export class Replay {
  readonly commands: Command[] = [];
  readonly #history: History;
  readonly #called: Record<CallType, number> = { task: 0, operation: 0, state: 0 };
  readonly #waiting = new Map<string, (event: RecordedEvent) => void>();
  /** Outcomes of calls that the function has not made yet. */
  readonly #early = new Map<string, RecordedEvent>();
  readonly #ready: Delivery[] = [];
  #readyTaken = 0;
  #outcomesTaken = 0;
  #unmatched: number;
  #fatal: Error | undefined;

  constructor(history: History) {
    this.#history = history;
    this.#unmatched = Object.values(history.calls).reduce((sum, events) => sum + events.length, 0);
  }

  /** Set when the function must not go on, whatever it does with the error. */
  get fatal(): Error | undefined {
    return this.#fatal;
  }

  /** True while the function repeats what an earlier activation did. */
  get replaying(): boolean {
    return this.#unmatched > 0 && this.commands.length === 0;
  }

  /** Whether some call of the function still waits for an outcome. */
  get outstanding(): boolean {
    return this.#waiting.size > 0;
  }

  /** The first failure counts; what comes after it is its consequence. */
  fail(error: Error): void {
    this.#fatal ??= error;
  }

  /**
   * The event that a call left in an earlier activation, undefined when the call is new.
   * A call that differs from the event in its place fails the workflow.
   */
  match(asked: Asked): RecordedEvent | undefined {
    const position = this.#called[asked.callType]++;
    const event = this.#history.calls[asked.callType][position];
    if (event === undefined) return undefined;
    this.#unmatched -= 1;
    if (!asked.matches(event)) this.fail(violation(asked, position, event));
    return event;
  }

  /** Registers a call that ends with an outcome event. `settle` runs in its turn, at most once. */
  awaitOutcome(key: string, settle: (event: RecordedEvent) => void): void {
    const early = this.#early.get(key);
    if (early === undefined) {
      this.#waiting.set(key, settle);
    } else {
      this.#early.delete(key);
      this.addReady({ deliver: () => settle(early) });
    }
  }

  /** Queues something that is known already, or that this process works out; the order of the calls is kept. */
  addReady(delivery: Delivery): void {
    this.#ready.push(delivery);
  }

  /** What lets the function go on, undefined when nothing does. */
  next(): Delivery | undefined {
    const ready = this.#ready[this.#readyTaken];
    if (ready !== undefined) {
      this.#readyTaken += 1;
      return ready;
    }
    for (;;) {
      const outcome = this.#history.outcomes[this.#outcomesTaken];
      if (outcome === undefined) return undefined;
      this.#outcomesTaken += 1;
      const settle = this.#take(outcome);
      if (settle !== undefined) return { deliver: () => settle(outcome) };
    }
  }

  #take(outcome: OutcomeEvent): ((event: RecordedEvent) => void) | undefined {
    const settle = this.#waiting.get(outcome.key);
    if (settle === undefined) this.#early.set(outcome.key, outcome);
    else this.#waiting.delete(outcome.key);
    return settle;
  }
}

function violation(asked: Asked, position: number, event: RecordedEvent): Error {
  return new Error(
    `Determinism violation: the workflow code asked to ${asked.text} as its ${asked.callType} call ${position + 1}, ` +
      `but history holds ${describe(event)} there (${event.type}, event sequence ${event.sequence})`,
  );
}

function describe({ type, data }: RecordedEvent): string {
  switch (type) {
    case "TASK_SCHEDULED":
      return `task ${JSON.stringify(data.kind)}`;
    case "OPERATION_COMPLETED":
      return `operation ${JSON.stringify(operationName(data))}`;
    case "STATE_SET":
      return `a set of state key ${JSON.stringify(data.key)}`;
    case "STATE_CLEARED":
      return `a clear of state key ${JSON.stringify(data.key)}`;
    default:
      return "something else";
  }
}

/** Other clients fall back to `name` when reading, so this one does too. */
export function operationName(data: RecordedEvent["data"]): unknown {
  return data.operationName ?? data.name;
}
