import type { Logger } from "../logger.js";
import { Backoff } from "../wire/backoff.js";
import type { PendingCall } from "../wire/connection.js";
import { isRefusal } from "../wire/service-error.js";

export interface PollLoopOptions<Item> {
  /** For log lines: `workflow` or `task`. */
  readonly work: string;
  /** Items that may run at once. */
  readonly slots: number;
  /** How long the server was asked to hold an empty poll. */
  readonly holdMs: number;
  readonly log: Logger;
  poll(holdMs: number): PendingCall<Item | undefined>;
  run(item: Item): Promise<void>;
}

/** Of the first poll, whose answer shows that the server takes polls of this worker. */
const firstHoldMs = 50;
/** More waiting polls would only wait: one claim of the server serves all of them. */
const pollsMax = 64;

/**
 * Takes work while there are free slots. One poll waits at the server while nothing happens; each item that comes adds
 * one, because more is likely to follow, and each empty answer takes one away.
 */
export class PollLoop<Item> {
  readonly #options: PollLoopOptions<Item>;
  readonly #parked = new Set<PendingCall<Item | undefined>>();
  readonly #running = new Set<Promise<void>>();
  readonly #errorPause = new Backoff({ firstMs: 100, maxMs: 5000 });
  /** For a server that does not hold polls. */
  readonly #idlePause = new Backoff({ firstMs: 50, maxMs: 1000 });
  #wanted = 1;
  #polling = false;
  #paused: { timer: NodeJS.Timeout; idle: boolean } | undefined;

  constructor(options: PollLoopOptions<Item>) {
    this.#options = options;
  }

  get running(): number {
    return this.#running.size;
  }

  /** Resolves when the server has answered a first poll. Rejects when it refused that, and takes nothing then. */
  start(): Promise<void> {
    this.#polling = true;
    return new Promise((resolve, reject) => {
      const refused = (error: unknown) => {
        this.stopPolling();
        reject(error);
      };
      this.#park(Math.min(firstHoldMs, this.#options.holdMs), { answered: resolve, refused });
    });
  }

  /** There may be work: ends a pause that was made because there was none. */
  wake(): void {
    if (this.#paused?.idle) this.#resume();
  }

  /** Takes nothing more. An item whose claim was on its way still runs. */
  stopPolling(): void {
    this.#polling = false;
    clearTimeout(this.#paused?.timer);
    this.#paused = undefined;
    for (const call of this.#parked) call.cancel();
  }

  /** Resolves when no poll waits and nothing runs. Call `stopPolling` first. */
  async drained(): Promise<void> {
    while (this.#parked.size > 0 || this.#running.size > 0) {
      await Promise.allSettled([...this.#running, ...[...this.#parked].map((call) => call.response)]);
    }
  }

  #fill(): void {
    if (!this.#polling || this.#paused !== undefined) return;
    const free = this.#options.slots - this.#running.size;
    while (this.#parked.size < Math.min(this.#wanted, free)) this.#park(this.#options.holdMs);
  }

  #park(holdMs: number, first?: { answered(): void; refused(error: unknown): void }): void {
    const startedMs = performance.now();
    const call = this.#options.poll(holdMs);
    this.#parked.add(call);
    call.response.then(
      (item) => {
        this.#parked.delete(call);
        this.#errorPause.reset();
        if (item === undefined) this.#empty(performance.now() - startedMs, holdMs);
        else this.#take(item);
        this.#fill();
        first?.answered();
      },
      (error: unknown) => {
        this.#parked.delete(call);
        if (first !== undefined && isRefusal(error, "UNAUTHENTICATED", "PERMISSION_DENIED"))
          return first.refused(error);
        this.#failed(error);
        first?.answered();
      },
    );
  }

  #take(item: Item): void {
    this.#idlePause.reset();
    this.#wanted = Math.min(this.#wanted + 1, pollsMax);
    const running = this.#run(item).finally(() => {
      this.#running.delete(running);
      this.#fill();
    });
    this.#running.add(running);
  }

  /** An item that breaks what runs it must not end the process, and the workflows and tasks beside it. */
  async #run(item: Item): Promise<void> {
    try {
      await this.#options.run(item);
    } catch (error) {
      const { work, log } = this.#options;
      log.error("work that was taken could not be run", { work, err: error });
    }
  }

  #empty(heldMs: number, holdMs: number): void {
    this.#wanted = Math.max(this.#wanted - 1, 1);
    if (heldMs < holdMs / 2) this.#pause(this.#idlePause.nextMs(), true);
  }

  #failed(error: unknown): void {
    if (!this.#polling) return;
    this.#wanted = 1;
    // The polls that broke together make one pause together.
    if (this.#paused !== undefined && !this.#paused.idle) return;
    const waitMs = this.#errorPause.nextMs();
    const { work, log } = this.#options;
    const fields = { work, err: error, failures: this.#errorPause.failures, waitMs: Math.round(waitMs) };
    if (this.#errorPause.failures === 1) log.warn("polling failed, trying again", fields);
    else log.debug("polling failed again", fields);
    this.#pause(waitMs, false);
  }

  #pause(waitMs: number, idle: boolean): void {
    if (!this.#polling) return;
    clearTimeout(this.#paused?.timer);
    this.#paused = { timer: setTimeout(() => this.#resume(), waitMs), idle };
  }

  #resume(): void {
    clearTimeout(this.#paused?.timer);
    this.#paused = undefined;
    this.#fill();
  }
}
