import { DueHint } from "@flovyn/proto/internal";
import type { Bus } from "./bus.js";
import { type DueService, dueSubject } from "./subjects.js";

/** Later times the services find by themselves: they look at least every few seconds. */
const horizonMs = 30_000;

/**
 * Tells all replicas of a service when the earliest of these is due, epoch milliseconds, unless that is far off. Null is
 * never due.
 */
export function hintDue(bus: Bus, service: DueService, dueAt: readonly (number | null)[], now: number): void {
  let earliest = Number.POSITIVE_INFINITY;
  for (const at of dueAt) if (at !== null && at < earliest) earliest = at;
  if (earliest - now > horizonMs) return;
  bus.hint(dueSubject(service), DueHint.encode({ dueAtMs: earliest }).finish());
}
