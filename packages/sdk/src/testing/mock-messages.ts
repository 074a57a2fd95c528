import type { SignalPromise } from "../definitions/workflow-promises.js";
import { withdrawable } from "../engine/calls/withdraw.js";
import { type QuietPromise, quietPromise } from "../engine/quiet-promise.js";
import { SignalWaitCancelledError } from "../errors.js";
import type { Script } from "./mock-script.js";

/** Promises of a mocked workflow. */
export class MockPromises {
  readonly #script: Script;
  readonly #open: { name: string; promise: QuietPromise<unknown> }[] = [];
  readonly #names = new Set<string>();

  constructor(script: Script) {
    this.#script = script;
  }

  create(name: string): Promise<unknown> {
    this.#names.add(name);
    if (this.#script.has(name)) return this.#script.play(name, undefined);
    const promise = quietPromise<unknown>();
    this.#open.push({ name, promise });
    return promise.promise;
  }

  /** Resolves the first open one of that name. Errors: Error when there never was one. */
  resolve(name: string, value: unknown): void {
    if (!this.#names.has(name)) throw new Error(`this workflow has created no promise ${JSON.stringify(name)}`);
    const index = this.#open.findIndex((one) => one.name === name);
    const [first] = index < 0 ? [] : this.#open.splice(index, 1);
    first?.promise.resolve(value);
  }
}

interface Wait {
  readonly name: string;
  readonly signal: QuietPromise<unknown>;
}

/** Signals of a mocked workflow: one queue for each name. */
export class MockSignals {
  readonly #queues = new Map<string, unknown[]>();
  #waits: Wait[] = [];

  constructor(present: Readonly<Record<string, readonly unknown[]>> = {}) {
    for (const [name, values] of Object.entries(present)) this.#queues.set(name, [...values]);
  }

  send(name: string, value: unknown): void {
    const wait = this.#waits.find((one) => one.name === name);
    if (wait === undefined) {
      this.#queue(name).push(value);
    } else {
      this.#remove(wait);
      wait.signal.resolve(value);
    }
  }

  wait(name: string): SignalPromise<unknown> {
    const signal = quietPromise<unknown>();
    const wait: Wait = { name, signal };
    const queue = this.#queue(name);
    if (queue.length > 0) signal.resolve(queue.shift());
    else this.#waits.push(wait);
    const cancel = () => this.#giveUp(wait);
    return withdrawable(Object.assign(signal.promise, { cancel }), cancel);
  }

  has(name: string): boolean {
    return this.#queue(name).length > 0;
  }

  drain(name: string): unknown[] {
    return this.#queue(name).splice(0);
  }

  #giveUp(wait: Wait): void {
    this.#remove(wait);
    // Without effect on a wait that a signal has reached.
    wait.signal.reject(new SignalWaitCancelledError(wait.name));
  }

  #remove(wait: Wait): void {
    this.#waits = this.#waits.filter((one) => one !== wait);
  }

  #queue(name: string): unknown[] {
    const queue = this.#queues.get(name) ?? [];
    this.#queues.set(name, queue);
    return queue;
  }
}
