import type { LifecycleMove } from "@flovyn/domain";
import type { Bus } from "./bus.js";
import { hintLifecycle } from "./lifecycle-hints.js";
import { hintWork, type WorkHint } from "./work-hints.js";

/** What a transaction did to workflows, as far as others may want to know. */
export interface AnnouncedChanges {
  wakes(): readonly WorkHint[];
  moves(now: number): readonly LifecycleMove[];
}

/** After the commit: queues that have work now, and what live streams are told. `more` are queues woken otherwise. */
export function announce(bus: Bus, changes: AnnouncedChanges, now: number, more: readonly WorkHint[] = []): void {
  hintWork(bus, [...changes.wakes(), ...more]);
  hintLifecycle(bus, changes.moves(now));
}
