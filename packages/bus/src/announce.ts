import type { LifecycleMove } from "@flovyn/domain";
import { EndedHint } from "@flovyn/proto/internal";
import type { Bus } from "./bus.js";
import { hintLifecycle } from "./lifecycle-hints.js";
import { endedSubject } from "./subjects.js";
import { hintWork, type WorkHint } from "./work-hints.js";

/** What a transaction did to workflows, as far as others may want to know. */
export interface AnnouncedChanges {
  wakes(): readonly WorkHint[];
  moves(now: number): readonly LifecycleMove[];
  /** Workflows that became terminal. */
  ended(): readonly { orgId: string; id: string }[];
}

/**
 * After the commit: queues that have work now, what live streams show, and, for readers of results, which workflows
 * ended. `more` are queues woken otherwise.
 */
export function announce(bus: Bus, changes: AnnouncedChanges, now: number, more: readonly WorkHint[] = []): void {
  hintWork(bus, [...changes.wakes(), ...more]);
  hintLifecycle(bus, changes.moves(now));
  hintEnded(bus, changes.ended());
}

function hintEnded(bus: Bus, ended: readonly { orgId: string; id: string }[]): void {
  const idsByOrg = new Map<string, string[]>();
  for (const { orgId, id } of ended) {
    const ids = idsByOrg.get(orgId);
    if (ids === undefined) idsByOrg.set(orgId, [id]);
    else ids.push(id);
  }
  for (const [orgId, workflowExecutionIds] of idsByOrg) {
    bus.hint(endedSubject(orgId), EndedHint.encode({ workflowExecutionIds }).finish());
  }
}
