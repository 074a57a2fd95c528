import type { Bus, BusRequest } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import { heavyAnswerBytes, heavyAnswersMax, heavyRequestBytes } from "../limits.js";
import type { ServiceTurns, Weight } from "./service-turns.js";

/** A bus whose requests on behalf of an org take fair turns. What the gateway asks for itself never waits. */
export function createFairBus(bus: Bus, turns: ServiceTurns): Bus {
  const heavyAnswers = new HeavyAnswers();
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

/** The wait counts against the time that the caller has. Errors: Timeout. */
function atTurn(request: BusRequest, waitedMs: number): BusRequest {
  const timeoutMs = request.timeoutMs - waitedMs;
  if (timeoutMs <= 0) throw new DomainError("Timeout", "the call waited too long for other calls");
  return { ...request, timeoutMs };
}

/** Remembers which operations last had large answers for an org: how large the next one is, is not known before it. */
class HeavyAnswers {
  readonly #last = new Set<string>();

  weightOf(request: BusRequest): Weight {
    const isHeavy = request.payload.byteLength >= heavyRequestBytes || this.#last.has(keyOf(request));
    return isHeavy ? "heavy" : "light";
  }

  note(request: BusRequest, bytes: number): void {
    const key = keyOf(request);
    if (bytes < heavyAnswerBytes) {
      if (this.#last.size > 0) this.#last.delete(key);
      return;
    }
    if (this.#last.size >= heavyAnswersMax) this.#last.clear();
    this.#last.add(key);
  }
}

function keyOf({ caller, operation }: BusRequest): string {
  return `${caller.orgId} ${operation}`;
}
