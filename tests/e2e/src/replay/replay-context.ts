import type { WorkflowCommand, WorkflowEvent, WorkflowExecution } from "@flovyn/proto/v1";
import {
  cancelTimer,
  clearState,
  createPromise,
  recordOperation,
  resolvePromise,
  scheduleChild,
  scheduleTask,
  setState,
  startTimer,
} from "../worker/commands.js";
import type { Family, IdSource } from "./family.js";
import { type Ending, ReplayError, type Replayed } from "./replayed.js";

/** Something that a workflow may wait for. */
export interface Waiting {
  ended: Promise<unknown>;
}

/** What a workflow calls in one activation. New calls gather in `commands`. */
export class ReplayContext {
  readonly commands: WorkflowCommand[] = [];
  readonly execution: WorkflowExecution;
  readonly #family: Family;
  readonly #replayed: Replayed;
  readonly #ids: IdSource;
  readonly #counters = { operations: 0, state: 0, tasks: 0, timers: 0, promises: 0, children: 0 };
  readonly #state = new Map<string, unknown>();

  constructor(family: Family, execution: WorkflowExecution, events: readonly WorkflowEvent[]) {
    this.execution = execution;
    this.#family = family;
    this.#replayed = family.read(events);
    this.#ids = family.ids(execution.id);
  }

  get input(): unknown {
    return JSON.parse(this.execution.input.toString());
  }

  /** The clock of the activation. */
  get now(): number {
    return this.execution.workflowTaskTimeMillis;
  }

  uuid(): string {
    return this.#ids.next();
  }

  /** A side effect, run once. */
  run(name: string, operation: () => unknown): unknown {
    const known = this.#next("operations");
    if (known !== undefined) return same("operation", known.name, name, known.result);
    const result = operation();
    this.commands.push(recordOperation(name, JSON.stringify(result ?? null)));
    return result;
  }

  set(key: string, value: unknown): void {
    const known = this.#next("state");
    if (known === undefined) this.commands.push(setState(key, JSON.stringify(value)));
    else same("state", `${known.type} ${known.key}`, `set ${key}`, undefined);
    this.#state.set(key, value);
  }

  clear(key: string): void {
    const known = this.#family.resendsClear ? undefined : this.#next("state");
    if (known === undefined) this.commands.push(clearState(key));
    else same("state", `${known.type} ${known.key}`, `clear ${key}`, undefined);
    this.#state.delete(key);
  }

  get(key: string): unknown {
    return this.#state.get(key);
  }

  task(kind: string, input: unknown = null): Promise<unknown> {
    const known = this.#next("tasks");
    if (known !== undefined) {
      this.#ids.skip();
      return same("task", known.kind, kind, answer(known.ending));
    }
    // Existing SDKs name their number of retries with every task.
    const task = { id: this.#ids.next(), kind, input: JSON.stringify(input), maxRetries: 3 };
    this.commands.push(scheduleTask(task));
    return open();
  }

  timer(durationMs: number): Waiting & { cancel(): void } {
    const timerId = this.#family.timerId(this.#counters.timers);
    const known = this.#next("timers");
    if (known !== undefined) same("timer", known.timerId, timerId, undefined);
    else this.commands.push(startTimer(timerId, durationMs));
    return {
      ended: known === undefined ? open() : answer(known.ending),
      cancel: () => {
        if (known?.ending === undefined) this.commands.push(cancelTimer(timerId));
      },
    };
  }

  sleep(durationMs: number): Promise<unknown> {
    return this.timer(durationMs).ended;
  }

  promise(name: string, options: { timeoutMs?: number; idempotencyKey?: string } = {}): Promise<unknown> {
    const known = this.#next("promises");
    if (known !== undefined) return same("promise", known.name, name, answer(known.ending));
    this.commands.push(createPromise(name, options));
    return open();
  }

  /** Sent in every activation that comes here: the server knows what is settled. */
  resolve(name: string, value: unknown): void {
    this.commands.push(resolvePromise(name, JSON.stringify(value)));
  }

  child(kind: string, input: unknown = null, givenName?: string): Waiting & { name: string; cancel(): void } {
    const n = this.#counters.children;
    const known = this.#next("children");
    const name = givenName ?? this.#family.childName({ kind, n, uuid: () => this.#ids.next() });
    if (known !== undefined) {
      this.#ids.skip();
      same("child", known.name, name, undefined);
      if (known.kind !== "") same("kind of a child", known.kind, kind, undefined);
    }
    const id = known?.id ?? this.#ids.next();
    if (known === undefined) {
      const { childQueue: queue } = this.#family;
      this.commands.push(scheduleChild({ id, name, kind, input: JSON.stringify(input), queue }));
    }
    return {
      name,
      ended: known === undefined ? open() : answer(known.ending),
      cancel: () => {
        if (known?.ending === undefined) this.commands.push(this.#family.cancelChild({ id, name }));
      },
    };
  }

  /** The next signal of the name. */
  signal(name: string): Promise<unknown> {
    const queue = this.#replayed.signals.get(name) ?? [];
    return queue.length > 0 ? Promise.resolve(queue.shift()) : open();
  }

  /** Whether one is there, without waiting. */
  hasSignal(name: string): boolean {
    return (this.#replayed.signals.get(name) ?? []).length > 0;
  }

  #next<Kind extends keyof Omit<Replayed, "signals">>(kind: Kind): Replayed[Kind][number] | undefined {
    return this.#replayed[kind][this.#counters[kind]++];
  }
}

/** The value, when history and code ask for the same. */
function same<Value>(what: string, recorded: string, asked: string, value: Value): Value {
  if (recorded === asked) return value;
  throw new ReplayError(`determinism violation: the history has ${what} ${recorded}, the code asks for ${asked}`);
}

function answer(ending: Ending): Promise<unknown> {
  if (ending === undefined) return open();
  if ("value" in ending) return Promise.resolve(ending.value);
  const failure = Promise.reject(new Error(ending.error));
  // Code may leave it alone.
  failure.catch(() => undefined);
  return failure;
}

function open(): Promise<never> {
  return new Promise(() => undefined);
}
