import type { DomainError } from "@flovyn/domain";
import type { Bus, BusRequest, HintHandler, IncomingRequest, RequestHandler, ServiceName, Serving } from "./bus.js";
import { createDueTimer } from "./due-timer.js";
import { fromErrorValue, toErrorValue } from "./error-value.js";
import { createHintQueue } from "./hint-queue.js";
import type { BusLog } from "./log.js";
import {
  busClosed,
  countRequestError,
  nobodyServes,
  openRequestsMax,
  replyBytesMaxDefault,
  replyTooLarge,
  requestBytesMaxDefault,
  requestTooLarge,
  timedOut,
  tooManyOpen,
  usableTimeoutMs,
} from "./request-errors.js";
import { createRunning, type Running } from "./running.js";
import { type BusStats, createBusStats } from "./stats.js";
import { createTurnBudget } from "./turn-budget.js";

export interface InProcessBusOptions {
  log: BusLog;
  /** Largest request in bytes, 16 MiB when left out. */
  requestBytesMax?: number;
  /** Largest answer in bytes, 256 MiB when left out. */
  replyBytesMax?: number;
  /** Written by the bus, read by metrics. */
  stats?: BusStats;
}

interface Replica {
  handler: RequestHandler;
  running: Running;
}

interface Pending {
  operation: string;
  timeoutMs: number;
  dueAt: number;
  reject: (error: DomainError) => void;
}

/**
 * The bus of a single process: requests go straight to a handler, replicas of a service take turns, and errors cross by
 * value as they do over the broker. Payloads and answers are passed without copying: the bytes that arrive belong to the
 * other side, so neither handlers nor requesters may change them. No handler runs inside the stack of its caller.
 */
export function createInProcessBus(options: InProcessBusOptions): Bus {
  const { log, requestBytesMax = requestBytesMaxDefault, replyBytesMax = replyBytesMaxDefault } = options;
  const stats = options.stats ?? createBusStats();
  const replicas = new Map<ServiceName, Replica[]>();
  const turns = new Map<ServiceName, number>();
  const servings = new Set<Serving>();
  const pending = new Set<Pending>();
  const outgoing = createRunning();
  const hints = createHintQueue(log, stats);
  const deadlines = createDueTimer(failOverdue);
  const turn = createTurnBudget();
  let closed = false;
  let drained: Promise<void> | undefined;

  return {
    request(request) {
      const replica = nextReplica(request.service);
      const refused = refuse(request);
      if (replica !== undefined && refused === undefined) {
        return new Promise((resolve, reject) => start(request, replica, resolve, reject));
      }
      const error = refused ?? nobodyServes(request.service, request.operation);
      stats.requests += 1;
      countRequestError(stats, error);
      return Promise.reject(error);
    },
    async serve(service, handler) {
      const replica: Replica = { handler, running: createRunning() };
      replicas.set(service, [...(replicas.get(service) ?? []), replica]);
      const serving: Serving = {
        stop() {
          const others = (replicas.get(service) ?? []).filter((other) => other !== replica);
          replicas.set(service, others);
          servings.delete(serving);
          return replica.running.idle();
        },
      };
      servings.add(serving);
      return serving;
    },
    hint: (subject, payload) => hints.push(subject, payload),
    async subscribe(subject, handler: HintHandler) {
      return hints.subscribe(subject, handler);
    },
    flush: () => hints.flush(),
    connected: () => !closed,
    drain() {
      drained ??= drain();
      return drained;
    },
  };

  function refuse(request: BusRequest): DomainError | undefined {
    if (closed) return busClosed(request.operation);
    const bytes = request.payload.byteLength;
    if (bytes > requestBytesMax) return requestTooLarge(request.operation, bytes, requestBytesMax);
    if (pending.size >= openRequestsMax) return tooManyOpen(request.operation);
    if (usableTimeoutMs(request.timeoutMs) === 0) return timedOut(request.operation, 0);
    return undefined;
  }

  function nextReplica(service: ServiceName): Replica | undefined {
    const candidates = replicas.get(service);
    return candidates?.[(turns.get(service) ?? 0) % candidates.length];
  }

  function start(
    request: BusRequest,
    replica: Replica,
    resolve: (answer: Uint8Array) => void,
    reject: (error: DomainError) => void,
  ): void {
    turns.set(request.service, (turns.get(request.service) ?? 0) + 1);

    const timeoutMs = usableTimeoutMs(request.timeoutMs);
    const entry: Pending = {
      operation: request.operation,
      timeoutMs,
      dueAt: performance.now() + timeoutMs,
      reject: (error) => {
        if (!settle(entry)) return;
        countRequestError(stats, error);
        reject(error);
      },
    };
    pending.add(entry);
    outgoing.begin();
    stats.requests += 1;
    stats.pending = pending.size;
    deadlines.note(entry.dueAt);
    replica.running.begin();
    handle(replica, request, timeoutMs).then(
      (answer) => {
        if (settle(entry)) resolve(answer);
      },
      (error: DomainError) => entry.reject(error),
    );
  }

  /** False when the request was settled before: the answer came after its deadline. */
  function settle(entry: Pending): boolean {
    if (!pending.delete(entry)) return false;
    stats.pending = pending.size;
    outgoing.end();
    return true;
  }

  /** Rejects with a DomainError made anew from its value, as if it had travelled. */
  async function handle(replica: Replica, request: BusRequest, timeoutMs: number): Promise<Uint8Array> {
    stats.served += 1;
    stats.running += 1;
    try {
      await turn(); // leaves the stack of the requester
      const answer = await replica.handler(toIncoming(request, timeoutMs));
      const bytes = answer.byteLength;
      if (bytes > replyBytesMax) throw replyTooLarge(request.operation, bytes, replyBytesMax);
      return answer;
    } catch (error) {
      stats.servedErrors += 1;
      throw fromErrorValue(toErrorValue(error, request.operation, request.requestId, log));
    } finally {
      stats.running -= 1;
      replica.running.end();
    }
  }

  function failOverdue(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const entry of pending) {
      if (entry.dueAt <= now) entry.reject(timedOut(entry.operation, entry.timeoutMs));
      else if (entry.dueAt < next) next = entry.dueAt;
    }
    return next;
  }

  async function drain(): Promise<void> {
    await Promise.all([...servings].map((serving) => serving.stop()));
    closed = true;
    await outgoing.idle();
    await hints.flush();
    hints.close();
    deadlines.stop();
  }
}

function toIncoming(request: BusRequest, timeoutMs: number): IncomingRequest {
  return {
    operation: request.operation,
    payload: request.payload,
    timeoutMs,
    caller: request.caller,
    requestId: request.requestId,
    traceparent: request.traceparent,
    ...(request.claimEpoch !== undefined && { claimEpoch: request.claimEpoch }),
    ...(request.historySequence !== undefined && { historySequence: request.historySequence }),
  };
}
