import { eventData } from "../event-data.js";
import type { ExternalEvent } from "../workflow/append-external.js";
import type { Timer } from "./state.js";

/**
 * Ends an armed timer that is due. Undefined when there is nothing to do: it is not due, it fired before, or it was
 * cancelled. Never early: `now` and the due time are compared as they are stored.
 */
export function fireTimer(timer: Timer, now: number): { next: Timer; event: ExternalEvent } | undefined {
  if (timer.status !== "ARMED" || timer.fireAtMs > now) return undefined;
  return {
    next: { ...timer, status: "FIRED" },
    event: { type: "TIMER_FIRED", data: eventData([["timerId", timer.timerId]]), wakes: true },
  };
}
