import type { Caller } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import type { Logger } from "@flovyn/runtime";
import type { CallFacts } from "../audit/auditor.js";
import type { HeldCalls } from "../auth/held-calls.js";
import type { Budget } from "../budgets/budget.js";
import { holderOf } from "../budgets/budget-holder.js";
import type { HintChannels } from "../hints/hint-channels.js";
import { liveSubscribeMs } from "../limits.js";
import type { GatewayMetrics } from "../metrics.js";
import type { DeadlineWheel } from "../work/deadline-wheel.js";
import { EventStream } from "./event-stream.js";
import { ExecutionFeed, type FeedOrder } from "./execution-feed.js";
import { LifecycleHints } from "./lifecycle-hints.js";
import { eventNames, type LiveEvent } from "./live-event.js";
import { sseEvent } from "./sse-text.js";

export interface LiveStreamsOptions {
  hints: HintChannels;
  wheel: DeadlineWheel;
  now: () => number;
  log: Logger;
  metrics: GatewayMetrics;
  held: HeldCalls;
  /** For what waits for readers, in bytes. */
  buffer: Budget;
  /** How long to wait for a subscription. */
  subscribeMs?: number;
}

/** Who reads a stream. */
export interface StreamReader {
  caller: Caller;
  /** Asks the policies once more. Errors: Forbidden. */
  check: () => void | Promise<void>;
  /** What the audit log says when policies end the stream. */
  facts: () => CallFacts;
  /** Closes the connection. */
  cut: () => void;
}

/** The open live streams of this process. */
export class LiveStreams {
  readonly #options: LiveStreamsOptions;
  readonly #lifecycle: LifecycleHints;
  readonly #streams = new Set<EventStream>();
  #draining = false;

  constructor(options: LiveStreamsOptions) {
    this.#options = options;
    this.#lifecycle = new LifecycleHints(options);
  }

  get size(): number {
    return this.#streams.size;
  }

  /**
   * Opens a stream about an execution that is known to exist. Resolves when it misses nothing from now on.
   * Errors: LimitExceeded, Unavailable.
   */
  async open(order: FeedOrder, { caller, check, facts, cut }: StreamReader): Promise<ReadableStream<Uint8Array>> {
    const { wheel, now, log, hints, metrics, buffer, subscribeMs = liveSubscribeMs } = this.#options;
    const release = this.#options.held.hold({
      ...{ caller, kind: "streams", check, facts },
      end: ({ code }) => stream.end(code === "Forbidden" ? "forbidden" : "credential"),
    });
    const stream = new EventStream({
      ...{ wheel, now, cut, budget: buffer, holder: holderOf(caller) },
      ended: (why) => {
        feed.stop();
        release();
        this.#streams.delete(stream);
        metrics.liveStreamEnded(why);
      },
    });
    const tell = createTeller(stream, order.children, metrics);
    const feed = new ExecutionFeed({ hints, lifecycle: this.#lifecycle, log }, order, tell);
    this.#streams.add(stream);
    try {
      // Policies may have changed since the reader was let in.
      await check();
      if (!(await isDoneWithin(feed.start(), subscribeMs))) {
        throw new DomainError("Unavailable", "live events cannot be subscribed to at the moment");
      }
    } catch (error) {
      await stream.body.cancel();
      throw error;
    }
    stream.comment("connected");
    if (this.#draining) stream.end("drain");
    return stream.body;
  }

  /** Ends every stream; later ones end at once. */
  drain(): void {
    this.#draining = true;
    for (const stream of [...this.#streams]) stream.end("drain");
  }
}

/** Writes events as they are, or, where several executions share a stream, together with whose they are. */
function createTeller(stream: EventStream, shared: boolean, metrics: GatewayMetrics): (event: LiveEvent) => void {
  let sent = 0;
  return (event) => {
    const name = eventNames[event.type];
    metrics.liveEvent(event.type);
    if (!shared) return stream.send(sseEvent({ name, data: event.text }));
    sent += 1;
    stream.send(sseEvent({ name, data: sharedText(event), id: `${event.executionId}:${sent}` }));
  };
}

/** An event together with the execution that it is about. */
export function sharedText({ executionId, json }: LiveEvent): string {
  return `{"workflowExecutionId":${JSON.stringify(executionId)},"data":${json}}`;
}

async function isDoneWithin(work: Promise<void>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
