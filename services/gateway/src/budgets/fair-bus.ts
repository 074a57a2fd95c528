import type { Bus, BusRequest } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import { heavyAnswerBytes, heavyAnswersMax, heavyForMs, heavyRequestBytes } from "../limits.js";
import type { ServiceTurns, Weight } from "./service-turns.js";

/** Reads of histories, which may be large: they count as heavy until one was small. */
const historyReads: ReadonlySet<string> = new Set(["flovyn.v1.WorkflowDispatch/GetEvents", "internal/ListEvents"]);

/**
 * A bus whose requests on behalf of an org take fair turns. What the gateway asks for itself never waits. A request whose
 * caller has left by its turn is not made; it is Cancelled.
 */
export function createFairBus(bus: Bus, turns: ServiceTurns, now: () => number): Bus {
  const heavyAnswers = new HeavyAnswers(now);
  return {
    async request(request) {
      const { orgId } = request.caller;
      if (orgId === "") return bus.request(request);
      const weight = heavyAnswers.weightOf(request);
      const turn = turns.begin(orgId, weight);
      const waitedMs = turn === undefined ? 0 : await timeOf(turn);
      const startedMs = performance.now();
      try {
        const answer = await bus.request(turn === undefined ? request : atTurn(request, waitedMs));
        heavyAnswers.note(request, answer.byteLength);
        return answer;
      } finally {
        turns.end(orgId, weight, performance.now() - startedMs);
      }
    },
    serve: (service, handler) => bus.serve(service, handler),
    hint: (subject, payload) => bus.hint(subject, payload),
    subscribe: (subject, handler) => bus.subscribe(subject, handler),
    flush: () => bus.flush(),
    connected: () => bus.connected(),
    drain: () => bus.drain(),
  };
}

async function timeOf(turn: Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await turn;
  return performance.now() - startedMs;
}

/** The wait counts against the time that the caller has. Errors: Timeout, Cancelled. */
function atTurn(request: BusRequest, waitedMs: number): BusRequest {
  if (request.isWanted?.() === false) throw new DomainError("Cancelled", "the caller has left");
  const timeoutMs = request.timeoutMs - waitedMs;
  if (timeoutMs <= 0) throw new DomainError("Timeout", "the call waited too long for other calls");
  return { ...request, timeoutMs };
}

/**
 * Remembers which operations had large answers for an org of late: how large the next one is, is not known before it.
 */
class HeavyAnswers {
  readonly #now: () => number;
  /** Until when answers are expected to be large; in the past for those that were small. */
  readonly #heavyUntilMs = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  weightOf(request: BusRequest): Weight {
    if (request.payload.byteLength >= heavyRequestBytes) return "heavy";
    const isHistory = historyReads.has(request.operation);
    // Most operations never have a large answer, and then nothing is kept.
    if (this.#heavyUntilMs.size === 0) return isHistory ? "heavy" : "light";
    const untilMs = this.#heavyUntilMs.get(keyOf(request));
    if (untilMs === undefined) return isHistory ? "heavy" : "light";
    return untilMs > this.#now() ? "heavy" : "light";
  }

  note(request: BusRequest, bytes: number): void {
    const isHeavy = bytes >= heavyAnswerBytes;
    if (!isHeavy && !historyReads.has(request.operation)) return;
    const key = keyOf(request);
    if (!isHeavy && this.#heavyUntilMs.has(key)) return;
    if (this.#heavyUntilMs.size >= heavyAnswersMax) this.#heavyUntilMs.clear();
    this.#heavyUntilMs.set(key, isHeavy ? this.#now() + heavyForMs : 0);
  }
}

function keyOf({ caller, operation }: BusRequest): string {
  return `${caller.orgId} ${operation}`;
}
