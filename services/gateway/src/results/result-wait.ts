import { DomainError } from "@flovyn/domain";
import { AwaitResultResponse } from "@flovyn/proto/ext";
import { awaitResultAgainMs } from "../limits.js";
import type { DeadlineWheel, Timed } from "../work/deadline-wheel.js";
import type { EndedListener } from "./ended-hints.js";

export interface ResultWaitOptions {
  holdMs: number;
  wheel: DeadlineWheel;
  now: () => number;
  /** Asks for the status reached so far: bytes of an AwaitResultResponse. */
  ask: () => Promise<Uint8Array>;
  /** Called once, with an error or with the last answer. */
  end: (error: unknown, answer: Uint8Array) => void;
}

const nothing = new Uint8Array();

/**
 * Waits until a workflow execution is terminal: asks at once, after each hint that it ended, and every 2 s in case a hint
 * was lost. When the time is up it ends with the status of the last answer.
 */
export class ResultWait implements EndedListener, Timed {
  dueAtMs = 0;
  slot = -1;
  readonly #options: ResultWaitOptions;
  #endsAtMs: number;
  #last: Uint8Array | undefined;
  #asking = false;
  #hintedMeanwhile = false;
  #over = false;

  constructor(options: ResultWaitOptions) {
    this.#options = options;
    this.#endsAtMs = options.now() + options.holdMs;
  }

  start(): void {
    void this.#ask();
  }

  ended(): void {
    if (this.#asking) this.#hintedMeanwhile = true;
    else void this.#ask();
  }

  due(): void {
    if (this.#options.now() >= this.#endsAtMs && this.#last !== undefined) this.#finish(undefined, this.#last);
    else void this.#ask();
  }

  /** Ends the wait now, with the last answer or the one that is on its way. */
  expire(): void {
    this.#endsAtMs = 0;
    if (!this.#asking && this.#last !== undefined) this.#finish(undefined, this.#last);
  }

  /** The caller left. */
  leave(): void {
    this.#over = true;
    this.#options.wheel.remove(this);
  }

  async #ask(): Promise<void> {
    if (this.#over || this.#asking) return;
    this.#options.wheel.remove(this);
    this.#asking = true;
    this.#hintedMeanwhile = false;
    try {
      this.#take(await this.#options.ask());
    } catch (error) {
      this.#takeError(error);
    }
  }

  #take(answer: Uint8Array): void {
    this.#last = answer;
    if (isTerminal(AwaitResultResponse.decode(answer).status)) this.#finish(undefined, answer);
    else this.#waitOn(answer);
  }

  /** A wait outlives a service that restarts, once it is known that the execution exists. */
  #takeError(error: unknown): void {
    const passing = error instanceof DomainError && (error.code === "Unavailable" || error.code === "Timeout");
    if (passing && this.#last !== undefined) this.#waitOn(this.#last);
    else this.#finish(error, nothing);
  }

  #waitOn(last: Uint8Array): void {
    this.#asking = false;
    if (this.#over) return;
    const now = this.#options.now();
    if (now >= this.#endsAtMs) this.#finish(undefined, last);
    else if (this.#hintedMeanwhile) void this.#ask();
    else this.#options.wheel.add(this, Math.min(this.#endsAtMs, now + awaitResultAgainMs));
  }

  #finish(error: unknown, answer: Uint8Array): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.wheel.remove(this);
    this.#options.end(error, answer);
  }
}

function isTerminal(status: string): boolean {
  return status === "COMPLETED" || status === "FAILED" || status === "CANCELLED";
}
