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
    request(request) {
      const { orgId } = request.caller;
      if (orgId === "") return bus.request(request);
      const weight = heavyAnswers.weightOf(request);
      const turn = turns.begin(orgId, weight);
      if (turn !== undefined || weight === "heavy") return inTurn(request, weight, turn);
      // The usual case, without the promises of an async function.
      return bus.request(request).then(
        (answer) => {
          turns.end(orgId, weight, 0);
          heavyAnswers.note(request, answer.byteLength);
          return answer;
        },
        (error: unknown) => {
          turns.end(orgId, weight, 0);
          throw error;
        },
      );
    },
    serve: (service, handler) => bus.serve(service, handler),
    hint: (subject, payload) => bus.hint(subject, payload),
    subscribe: (subject, handler) => bus.subscribe(subject, handler),
    flush: () => bus.flush(),
    connected: () => bus.connected(),
    drain: () => bus.drain(),
  };

  async function inTurn(request: BusRequest, weight: Weight, turn: Promise<void> | undefined): Promise<Uint8Array> {
    const { orgId } = request.caller;
    const waitedMs = turn === undefined ? 0 : await timeOf(turn);
    const startedMs = performance.now();
    try {
      const answer = await bus.request(turn === undefined ? request : atTurn(request, waitedMs));
      heavyAnswers.note(request, answer.byteLength);
      return answer;
    } finally {
      turns.end(orgId, weight, performance.now() - startedMs);
    }
  }
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
  /** By operation and org, until when answers are expected to be large; in the past for those that were small. */
  readonly #heavyUntilMs = new Map<string, Map<string, number>>();
  #size = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  weightOf({ payload, operation, caller }: BusRequest): Weight {
    if (payload.byteLength >= heavyRequestBytes) return "heavy";
    // Most operations never have a large answer, and then nothing is kept.
    const untilMs = this.#heavyUntilMs.get(operation)?.get(caller.orgId);
    if (untilMs === undefined) return historyReads.has(operation) ? "heavy" : "light";
    return untilMs > this.#now() ? "heavy" : "light";
  }

  note({ operation, caller: { orgId } }: BusRequest, bytes: number): void {
    const isHeavy = bytes >= heavyAnswerBytes;
    if (!isHeavy && !historyReads.has(operation)) return;
    let orgs = this.#heavyUntilMs.get(operation);
    if (!isHeavy && orgs?.has(orgId) === true) return;
    if (this.#size >= heavyAnswersMax) {
      this.#heavyUntilMs.clear();
      this.#size = 0;
      orgs = undefined;
    }
    if (orgs === undefined) {
      orgs = new Map();
      this.#heavyUntilMs.set(operation, orgs);
    }
    if (!orgs.has(orgId)) this.#size += 1;
    orgs.set(orgId, isHeavy ? this.#now() + heavyForMs : 0);
  }
}
