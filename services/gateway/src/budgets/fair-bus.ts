import type { Bus, BusRequest } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import type { ServiceTurns } from "./service-turns.js";

/** A bus whose requests on behalf of an org take fair turns. What the gateway asks for itself never waits. */
export function createFairBus(bus: Bus, turns: ServiceTurns): Bus {
  return {
    request(request) {
      const { orgId } = request.caller;
      if (orgId === "") return bus.request(request);
      const units = turns.unitsOf(request.payload.byteLength);
      const turn = turns.begin(orgId, units);
      const answer = turn === undefined ? bus.request(request) : atTurn(bus, request, turn);
      const end = () => turns.end(orgId, units);
      answer.then(end, end);
      return answer;
    },
    serve: (service, handler) => bus.serve(service, handler),
    hint: (subject, payload) => bus.hint(subject, payload),
    subscribe: (subject, handler) => bus.subscribe(subject, handler),
    flush: () => bus.flush(),
    connected: () => bus.connected(),
    drain: () => bus.drain(),
  };
}

/** The wait counts against the time that the caller has. */
async function atTurn(bus: Bus, request: BusRequest, turn: Promise<void>): Promise<Uint8Array> {
  const startedMs = performance.now();
  await turn;
  const timeoutMs = request.timeoutMs - (performance.now() - startedMs);
  if (timeoutMs <= 0) throw new DomainError("Timeout", "the call waited too long for other calls");
  return bus.request({ ...request, timeoutMs });
}
