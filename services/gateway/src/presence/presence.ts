import type { Bus } from "@flovyn/bus";
import { WorkersSeenRequest } from "@flovyn/proto/internal";
import type { Logger } from "@flovyn/runtime";
import { askDispatch } from "../auth/gateway-caller.js";
import { presenceBatchMax, presenceReportMs, presenceWorkersMax } from "../limits.js";
import { type NamedWorker, workerKey } from "./named-worker.js";
import { PeerWorkers } from "./peer-workers.js";

export interface PresenceOptions {
  bus: Bus;
  log: Logger;
  now: () => number;
  /** Visits the worker of every call that is open at the moment. */
  eachWaiting: (visit: (worker: NamedWorker) => void) => void;
}

interface Sign {
  worker: NamedWorker;
  lost: boolean;
}

/**
 * Collects signs of life of workers and reports them to dispatch every 5 s: polls, heartbeats, open session streams, and
 * any other call on a connection over which a worker polled. A session stream that ends is reported at once as lost,
 * because the work of its worker shall be released; so is one that begins, which takes the loss back.
 */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #peers: PeerWorkers;
  #signs = new Map<string, Sign>();
  /** How many session streams each worker holds here. */
  readonly #sessions = new Map<string, { worker: NamedWorker; streams: number }>();
  #timer: NodeJS.Timeout | undefined;
  #reporting: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#peers = new PeerWorkers(options.now);
  }

  start(): void {
    this.#timer = setInterval(() => void this.runOnce(), presenceReportMs);
    this.#timer.unref();
  }

  /** The worker polled or sent a heartbeat over this connection. */
  seen(worker: NamedWorker, connection: string): void {
    if (worker.workerId === "") return;
    const key = workerKey(worker);
    this.#sign(key, worker, false);
    this.#peers.join(connection, key, worker);
  }

  /** Any other call over this connection. */
  call(connection: string): void {
    this.#peers.call(connection);
  }

  /** Takes note of a session stream; the returned function tells that it ended, and whether the worker may be lost. */
  openSession(worker: NamedWorker, connection: string): (lost: boolean) => void {
    const key = workerKey(worker);
    const session = this.#sessions.get(key) ?? { worker, streams: 0 };
    session.streams += 1;
    this.#sessions.set(key, session);
    this.#sign(key, worker, false);
    this.#reportSoon();
    return (lost) => {
      session.streams -= 1;
      if (session.streams > 0) return;
      this.#sessions.delete(key);
      if (!lost) return;
      this.#peers.leave(connection, key);
      this.#sign(key, worker, true);
      this.#reportSoon();
    };
  }

  /** Reports what was seen since the last report. Never rejects; what could not be reported goes into the next one. */
  async runOnce(): Promise<void> {
    for (const [key, { worker }] of this.#sessions) this.#sign(key, worker, false);
    this.#peers.collect((key, worker) => this.#sign(key, worker, false));
    this.#options.eachWaiting((worker) => {
      if (worker.workerId !== "") this.#sign(workerKey(worker), worker, false);
    });
    await this.#report();
  }

  /** Sends a last report. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopped = true;
    await this.#report();
  }

  #sign(key: string, worker: NamedWorker, lost: boolean): void {
    const known = this.#signs.get(key);
    if (known !== undefined) known.lost = lost;
    else if (this.#signs.size < presenceWorkersMax) this.#signs.set(key, { worker, lost });
  }

  /** At the end of this turn of the event loop, so that the streams of one broken connection make one report. */
  #reportSoon(): void {
    if (!this.#stopped) setImmediate(() => void this.#report());
  }

  /** Reports go out one after the other, so that a loss cannot overtake the return that follows it. */
  #report(): Promise<void> {
    this.#reporting = this.#reporting.then(() => this.#send());
    return this.#reporting;
  }

  async #send(): Promise<void> {
    const signs = [...this.#signs.values()];
    this.#signs = new Map();
    for (let start = 0; start < signs.length; start += presenceBatchMax) {
      const batch = signs.slice(start, start + presenceBatchMax);
      try {
        await this.#sendBatch(batch);
      } catch (err) {
        this.#options.log.warn({ err, workers: signs.length - start }, "signs of life of workers were not reported");
        for (const sign of signs.slice(start)) this.#signAgain(sign);
        return;
      }
    }
  }

  async #sendBatch(signs: Sign[]): Promise<void> {
    await askDispatch(this.#options.bus, {
      operation: "internal/WorkersSeen",
      payload: WorkersSeenRequest.encode({
        workers: signs.map(({ worker, lost }) => {
          const { orgId, principal, workerId } = worker;
          return { orgId, principal, workerId, lost, session: lost || this.#sessions.has(workerKey(worker)) };
        }),
      }).finish(),
      timeoutMs: presenceReportMs,
    });
  }

  /** A sign that came meanwhile is newer and wins. */
  #signAgain({ worker, lost }: Sign): void {
    const key = workerKey(worker);
    if (!this.#signs.has(key)) this.#sign(key, worker, lost);
  }
}
