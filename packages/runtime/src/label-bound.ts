/** Whose work it is, and what callers named it. */
export interface NamedWork {
  orgId: string;
  kind: string;
  queue: string;
}

export type WorkLabels = { kind: string; queue: string };

const other: WorkLabels = { kind: "(other)", queue: "(other)" };

/**
 * Bounds what callers can make a process remember: at most `pairsMax` (kind, queue) pairs keep their names, the others share
 * one pair. An org adds a pair only while it has added fewer than are still free, so one alone gets half of them, the next one
 * half of the rest, and none can use them up. What is named stays named. A pair is the same object each time.
 */
export function createLabelBound(pairsMax: number): (work: NamedWork) => WorkLabels {
  const queuesOfKind = new Map<string, Map<string, WorkLabels>>();
  const addedByOrg = new Map<string, number>();
  let free = pairsMax;
  return ({ orgId, kind, queue }) => {
    const known = queuesOfKind.get(kind)?.get(queue);
    if (known !== undefined) return known;
    const added = addedByOrg.get(orgId) ?? 0;
    if (added >= free) return other;
    addedByOrg.set(orgId, added + 1);
    free -= 1;
    const labels = { kind, queue };
    const queues = queuesOfKind.get(kind) ?? new Map();
    queuesOfKind.set(kind, queues.set(queue, labels));
    return labels;
  };
}
