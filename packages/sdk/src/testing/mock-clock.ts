import type { TimerPromise } from "../definitions/workflow-promises.js";
import { eventLoopTurn } from "../engine/quiescence.js";
import { quietPromise } from "../engine/quiet-promise.js";
import { TimerCancelledError } from "../errors.js";

interface Sleep {
  readonly dueMs: number;
  readonly end: () => void;
}

/** A clock that jumps to the next due sleep once everything else had its turn. */
export class MockClock {
  #nowMs: number;
  #sleeps: Sleep[] = [];
  #started = 0;
  #running = false;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  sleep(durationMs: number): TimerPromise {
    const timerId = `timer-${this.#started++}`;
    const ended = quietPromise<void>();
    const sleep: Sleep = { dueMs: this.#nowMs + durationMs, end: ended.resolve };
    this.#sleeps.push(sleep);
    if (!this.#running) void this.#run();
    const cancel = () => {
      this.#sleeps = this.#sleeps.filter((one) => one !== sleep);
      // Without effect on a sleep that ended.
      ended.reject(new TimerCancelledError(timerId));
    };
    return Object.assign(ended.promise, { cancel });
  }

  async #run(): Promise<void> {
    this.#running = true;
    for (;;) {
      await eventLoopTurn();
      const next = this.#sleeps.reduce<Sleep | undefined>((first, one) => earlier(first, one), undefined);
      if (next === undefined) break;
      this.#sleeps = this.#sleeps.filter((one) => one !== next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.end();
    }
    this.#running = false;
  }
}

function earlier(first: Sleep | undefined, one: Sleep): Sleep {
  return first === undefined || one.dueMs < first.dueMs ? one : first;
}
