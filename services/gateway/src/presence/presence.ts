import type { Bus } from "@flovyn/bus";
import { WorkersSeenRequest } from "@flovyn/proto/internal";
import type { Logger } from "@flovyn/runtime";
import { askDispatch } from "../auth/gateway-caller.js";
import { presenceBatchMax, presenceReportMs, presenceWorkersMax } from "../limits.js";
import { PeerWorkers, type WorkerKey } from "./peer-workers.js";

export interface PresenceOptions {
  bus: Bus;
  log: Logger;
  now: () => number;
  /** Visits the worker of every call that is open at the moment. */
  eachWaiting: (visit: (orgId: string, workerId: string) => void) => void;
}

interface Sign extends WorkerKey {
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
  readonly #sessions = new Map<string, { worker: WorkerKey; streams: number }>();
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
  seen(orgId: string, workerId: string, peerName: string): void {
    if (workerId === "") return;
    const key = workerKey(orgId, workerId);
    this.#sign(key, orgId, workerId, false);
    this.#peers.join(peerName, key, { orgId, workerId });
  }

  /** Any other call over this connection. */
  call(peerName: string): void {
    this.#peers.call(peerName);
  }

  /** Takes note of a session stream; the returned function tells that it ended, and whether the worker may be lost. */
  openSession(orgId: string, workerId: string, peerName: string): (lost: boolean) => void {
    const key = workerKey(orgId, workerId);
    const session = this.#sessions.get(key) ?? { worker: { orgId, workerId }, streams: 0 };
    session.streams += 1;
    this.#sessions.set(key, session);
    this.#sign(key, orgId, workerId, false);
    this.#reportSoon();
    return (lost) => {
      session.streams -= 1;
      if (session.streams > 0) return;
      this.#sessions.delete(key);
      if (!lost) return;
      this.#peers.leave(peerName, key);
      this.#sign(key, orgId, workerId, true);
      this.#reportSoon();
    };
  }

  /** Reports what was seen since the last report. Never rejects; what could not be reported goes into the next one. */
  async runOnce(): Promise<void> {
    for (const [key, { worker }] of this.#sessions) this.#sign(key, worker.orgId, worker.workerId, false);
    this.#peers.collect((key, worker) => this.#sign(key, worker.orgId, worker.workerId, false));
    this.#options.eachWaiting((orgId, workerId) => {
      if (workerId !== "") this.#sign(workerKey(orgId, workerId), orgId, workerId, false);
    });
    await this.#report();
  }

  /** Sends a last report. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopped = true;
    await this.#report();
  }

  #sign(key: string, orgId: string, workerId: string, lost: boolean): void {
    const known = this.#signs.get(key);
    if (known !== undefined) known.lost = lost;
    else if (this.#signs.size < presenceWorkersMax) this.#signs.set(key, { orgId, workerId, lost });
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
        for (const { orgId, workerId, lost } of signs.slice(start)) this.#signAgain(orgId, workerId, lost);
        return;
      }
    }
  }

  async #sendBatch(workers: Sign[]): Promise<void> {
    await askDispatch(this.#options.bus, {
      operation: "internal/WorkersSeen",
      payload: WorkersSeenRequest.encode({
        workers: workers.map(({ orgId, workerId, lost }) => {
          const session = lost || this.#sessions.has(workerKey(orgId, workerId));
          return { orgId, workerId, lost, session };
        }),
      }).finish(),
      timeoutMs: presenceReportMs,
    });
  }

  /** A sign that came meanwhile is newer and wins. */
  #signAgain(orgId: string, workerId: string, lost: boolean): void {
    const key = workerKey(orgId, workerId);
    if (!this.#signs.has(key)) this.#sign(key, orgId, workerId, lost);
  }
}

/** Org ids hold no blank, so the key is unambiguous. */
function workerKey(orgId: string, workerId: string): string {
  return `${orgId} ${workerId}`;
}
