import { DueHint } from "@flovyn/proto/internal";
import type { Bus } from "./bus.js";
import { dueSubject } from "./subjects.js";

/** Tells all replicas of a service about something that it has to fire at this time, epoch milliseconds. */
export function hintDue(bus: Bus, service: "timers" | "promises", dueAtMs: number): void {
  bus.hint(dueSubject(service), DueHint.encode({ dueAtMs }).finish());
}
