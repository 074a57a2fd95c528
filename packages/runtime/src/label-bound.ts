const other = { kind: "(other)", queue: "(other)" } as const;

/**
 * Bounds what callers can make a process remember: of all (kind, queue) pairs the first `pairsMax` keep their names,
 * the others share one pair. A pair is the same object each time.
 */
export function createLabelBound(pairsMax: number): (kind: string, queue: string) => { kind: string; queue: string } {
  const queuesOfKind = new Map<string, Map<string, { kind: string; queue: string }>>();
  let pairs = 0;
  return (kind, queue) => {
    const known = queuesOfKind.get(kind)?.get(queue);
    if (known !== undefined) return known;
    if (pairs >= pairsMax) return other;
    pairs += 1;
    const labels = { kind, queue };
    const queues = queuesOfKind.get(kind) ?? new Map();
    queuesOfKind.set(kind, queues.set(queue, labels));
    return labels;
  };
}
