import type { Clock } from "@flovyn/domain";

export interface DatabaseClock extends Clock {
  /** How far the local clock is behind the database's, in ms. */
  skewMs(): number;
  /** Measures now. Errors: those of the reading. */
  measure(): Promise<void>;
  stop(): void;
}

const samples = 5;
const intervalMs = 30_000;

/** Wall-clock time that no correction of the system's clock moves: between measurements only its drift counts. */
function steadyNow(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * The database's clock without a round trip for each reading: the local clock plus an offset that is measured again every
 * 30 s. Of several samples the one with the shortest round trip counts; its error is at most half of it. All replicas so
 * agree on times to within a few milliseconds, whatever their own clocks say.
 */
export function createDatabaseClock(read: () => Promise<number>, local: () => number = steadyNow): DatabaseClock {
  let offset = 0;
  let measuring: Promise<void> | undefined;
  const sample = async (): Promise<void> => {
    let best = Number.POSITIVE_INFINITY;
    let measured = offset;
    for (let round = 0; round < samples; round++) {
      const before = local();
      const database = await read();
      const roundTrip = local() - before;
      if (roundTrip < 0 || roundTrip >= best) continue;
      best = roundTrip;
      measured = database - (before + roundTrip / 2);
    }
    offset = measured;
  };
  const measure = (): Promise<void> => {
    measuring ??= sample().finally(() => {
      measuring = undefined;
    });
    return measuring;
  };
  // A failed measurement keeps the offset of the one before; the database being away is reported elsewhere.
  const timer = setInterval(() => void measure().catch(() => {}), intervalMs);
  timer.unref();
  return {
    now: () => Math.round(local() + offset),
    skewMs: () => Math.round(offset),
    measure,
    stop: () => clearInterval(timer),
  };
}
