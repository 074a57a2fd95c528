import type { DomainError } from "@flovyn/domain";
import type { ServiceName } from "../bus.js";
import { createDueTimer } from "../due-timer.js";
import { countRequestError, openRequestsMax, replicaLost, timedOut } from "../request-errors.js";
import { createRunning } from "../running.js";
import type { BusStats } from "../stats.js";
import type { Assembly } from "./assembly.js";

/** A request that waits for its answer. */
export interface Pending {
  id: number;
  service: ServiceName;
  operation: string;
  timeoutMs: number;
  dueAt: number;
  /** When something was last heard of it, or when it was made. */
  heardAt: number;
  /** When its replica was found silent; 0 when it is not. */
  suspectedAt: number;
  /** The broker message that carried it; 0 until it is sent. */
  batch: number;
  /** Payload of a request that travels in chunks, until they are asked for. */
  upload: Uint8Array | undefined;
  /** Chunks of the answer so far. */
  assembly: Assembly | undefined;
  resolve: (answer: Uint8Array) => void;
  reject: (error: DomainError) => void;
}

export type NewPending = Pick<Pending, "service" | "operation" | "timeoutMs" | "upload" | "resolve" | "reject">;

/**
 * A silent replica is given this much longer, in ms: when this process itself was busy, signs of life are waiting in the
 * socket, and they are read before the second look.
 */
const secondLookMs = 100;
const idMax = 0xffff_ffff;

/** The requests of this process, with one timer for all their deadlines. */
export interface PendingRequests {
  open(request: NewPending): Pending;
  get(id: number): Pending | undefined;
  full(): boolean;
  heard(entry: Pending): void;
  resolve(entry: Pending, answer: Uint8Array): void;
  reject(entry: Pending, error: DomainError): void;
  /** Rejects those for which `choose` makes an error. */
  rejectEach(choose: (entry: Pending) => DomainError | undefined): void;
  /** Resolves when none is open. */
  idle(): Promise<void>;
  stop(): void;
}

export function createPendingRequests(silenceMs: number, stats: BusStats): PendingRequests {
  const entries = new Map<number, Pending>();
  const outgoing = createRunning();
  const deadlines = createDueTimer(failOverdue);
  let lastId = 0;

  return {
    open(request) {
      const now = performance.now();
      do lastId = lastId === idMax ? 1 : lastId + 1;
      while (entries.has(lastId));
      const dueAt = now + request.timeoutMs;
      const entry: Pending = {
        id: lastId,
        service: request.service,
        operation: request.operation,
        timeoutMs: request.timeoutMs,
        dueAt,
        heardAt: now,
        suspectedAt: 0,
        batch: 0,
        upload: request.upload,
        assembly: undefined,
        resolve: request.resolve,
        reject: request.reject,
      };
      entries.set(entry.id, entry);
      outgoing.begin();
      stats.pending = entries.size;
      deadlines.note(Math.min(dueAt, now + silenceMs));
      return entry;
    },
    get: (id) => entries.get(id),
    full: () => entries.size >= openRequestsMax,
    heard(entry) {
      entry.heardAt = performance.now();
      entry.suspectedAt = 0;
    },
    resolve(entry, answer) {
      if (settle(entry)) entry.resolve(answer);
    },
    reject,
    rejectEach(choose) {
      for (const entry of entries.values()) {
        const error = choose(entry);
        if (error !== undefined) reject(entry, error);
      }
    },
    idle: () => outgoing.idle(),
    stop: () => deadlines.stop(),
  };

  function reject(entry: Pending, error: DomainError): void {
    if (!settle(entry)) return;
    countRequestError(stats, error);
    entry.reject(error);
  }

  function settle(entry: Pending): boolean {
    if (!entries.delete(entry.id)) return false;
    entry.upload = undefined;
    entry.assembly?.release();
    entry.assembly = undefined;
    stats.pending = entries.size;
    outgoing.end();
    return true;
  }

  function failOverdue(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const entry of entries.values()) {
      const lookAt = lookAgainAt(entry, now);
      if (lookAt < next) next = lookAt;
    }
    return next;
  }

  /** When the entry needs the next look; Infinity when it was failed. */
  function lookAgainAt(entry: Pending, now: number): number {
    if (now >= entry.dueAt) {
      reject(entry, timedOut(entry.operation, entry.timeoutMs));
      return Number.POSITIVE_INFINITY;
    }
    const silentAt = entry.heardAt + silenceMs;
    if (now < silentAt) return Math.min(entry.dueAt, silentAt);
    if (entry.suspectedAt === 0) entry.suspectedAt = now;
    const giveUpAt = entry.suspectedAt + secondLookMs;
    if (now < giveUpAt) return Math.min(entry.dueAt, giveUpAt);
    reject(entry, replicaLost(entry.service, entry.operation));
    return Number.POSITIVE_INFINITY;
  }
}
