import type { Bus } from "./bus.js";
import { type WorkKind, workSubject } from "./subjects.js";

const empty = new Uint8Array(0);

/** A queue on which work may be claimable. */
export interface WorkHint {
  kind: WorkKind;
  orgId: string;
  queue: string;
}

/** Hints that work may be claimable: one message for each queue, however many items a batch made available. */
export function hintWork(bus: Bus, wakes: readonly WorkHint[]): void {
  if (wakes.length === 0) return;
  const subjects = new Set(wakes.map((wake) => workSubject(wake.kind, wake.orgId, wake.queue)));
  for (const subject of subjects) bus.hint(subject, empty);
}
