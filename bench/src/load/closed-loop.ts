export interface Timing {
  elapsedMs: number;
  latenciesMs: number[];
}

/**
 * Runs `count` rounds with `concurrency` of them in flight: the next begins when one ends. Fails with the first that fails,
 * or when the rounds take longer than `timeoutMs` together.
 */
export async function runClosedLoop(options: {
  count: number;
  concurrency: number;
  timeoutMs: number;
  runOne: (index: number) => Promise<void>;
}): Promise<Timing> {
  const { count, concurrency, timeoutMs, runOne } = options;
  const latenciesMs: number[] = [];
  let next = 0;
  let timer: NodeJS.Timeout | undefined;
  const runMany = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      const begunAt = performance.now();
      await runOne(index);
      latenciesMs.push(performance.now() - begunAt);
    }
  };
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      next = count;
      reject(new Error(`${latenciesMs.length} of ${count} rounds ended within ${timeoutMs / 1000} s`));
    }, timeoutMs);
  });
  const startedAt = performance.now();
  try {
    const all = Promise.all(Array.from({ length: Math.min(concurrency, count) }, runMany));
    await Promise.race([all, late]);
    return { elapsedMs: performance.now() - startedAt, latenciesMs };
  } finally {
    next = count;
    clearTimeout(timer);
  }
}
