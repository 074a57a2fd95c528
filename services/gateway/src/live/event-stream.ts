import type { Budget } from "../budgets/budget.js";
import type { BudgetHolder } from "../budgets/budget-holder.js";
import { liveKeepAliveMs, liveLingerMs, liveSilenceMs } from "../limits.js";
import type { DeadlineWheel, Timed } from "../work/deadline-wheel.js";
import { sseComment } from "./sse-text.js";

/**
 * Why a stream ended: the reader left, nothing happened for long, the reader is too slow, the gateway goes away, the
 * credential of the reader ended, or policies changed.
 */
export type StreamEnd = "left" | "silence" | "slow" | "drain" | "credential" | "forbidden";

export interface EventStreamOptions {
  wheel: DeadlineWheel;
  now: () => number;
  /** For what waits for the reader, in bytes. */
  budget: Budget;
  /** Who reads. */
  holder: BudgetHolder;
  /** Closes the connection of a reader that does not take the last bytes. */
  cut: () => void;
  /** Called once. */
  ended: (why: StreamEnd) => void;
}

/** Said at the end, so that a reader knows why. */
const lastWords = {
  silence: `closed: nothing happened for ${liveSilenceMs / 60_000} minutes`,
  slow: "closed: events came faster than they were read",
  drain: "closed: this server goes away, connect again",
  credential: "closed: the key is not valid any more, or cannot be checked",
  forbidden: "closed: the key does not allow this any more",
} as const;

const encoder = new TextEncoder();

/**
 * The body of one answer with server-sent events. What the reader does not take yet waits in a bounded buffer; when that
 * is full the stream says so and ends, because a gap in the middle would look like the whole. A comment every 15 s keeps
 * the connection, and 5 min without an event end it.
 */
export class EventStream implements Timed {
  dueAtMs = 0;
  slot = -1;
  readonly body: ReadableStream<Uint8Array>;
  readonly #options: EventStreamOptions;
  readonly #holder: BudgetHolder;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** The reader took all there was and wants more. */
  #hungry = false;
  #lastEventMs: number;
  #over = false;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#holder = { ...options.holder, connection: this };
    this.#lastEventMs = options.now();
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#feed(),
        cancel: () => this.#left(),
      },
      // Nothing is taken before the reader asks: what waits is counted here.
      { highWaterMark: 0 },
    );
    this.#again(liveKeepAliveMs);
  }

  /** Sends an event, or ends the stream when the reader lags too far behind. */
  send(text: string): void {
    if (this.#over) return;
    this.#lastEventMs = this.#options.now();
    const bytes = encoder.encode(text);
    const fits = this.#options.budget.fullScope(this.#holder, bytes.byteLength) === undefined;
    if (this.#hungry || fits) this.#push(bytes);
    else this.end("slow");
  }

  /** A line that readers skip; left out when the reader has enough to read. */
  comment(text: string): void {
    if (!this.#over && this.#waiting.length === 0) this.#push(encoder.encode(sseComment(text)));
  }

  /** Ends the stream with a comment that says why. */
  end(why: keyof typeof lastWords): void {
    if (this.#over) return;
    this.#push(encoder.encode(sseComment(lastWords[why])));
    this.#over = true;
    if (this.#waiting.length === 0) this.#controller?.close();
    // The reader may have stopped reading for good.
    this.#again(liveLingerMs);
    this.#options.ended(why);
  }

  due(): void {
    if (this.#over) {
      this.#options.cut();
    } else if (this.#options.now() - this.#lastEventMs >= liveSilenceMs) {
      this.end("silence");
    } else {
      this.comment("keep-alive");
      this.#again(liveKeepAliveMs);
    }
  }

  #push(bytes: Uint8Array): void {
    if (this.#hungry) {
      this.#hungry = false;
      this.#controller?.enqueue(bytes);
      return;
    }
    this.#waiting.push(bytes);
    this.#count(bytes.byteLength);
  }

  /** The reader asks for more. */
  #feed(): void {
    if (this.#waiting.length === 0) {
      this.#hungry = true;
      return;
    }
    const bytes = Buffer.concat(this.#waiting);
    this.#forget();
    this.#controller?.enqueue(bytes);
    if (this.#over) this.#controller?.close();
  }

  #left(): void {
    this.#forget();
    this.#options.wheel.remove(this);
    if (this.#over) return;
    this.#over = true;
    this.#options.ended("left");
  }

  #forget(): void {
    this.#waiting = [];
    this.#count(-this.#waitingBytes);
  }

  #count(bytes: number): void {
    this.#waitingBytes += bytes;
    this.#options.budget.add(this.#holder, bytes);
  }

  #again(inMs: number): void {
    const { wheel, now } = this.#options;
    wheel.remove(this);
    wheel.add(this, now() + inMs);
  }
}
