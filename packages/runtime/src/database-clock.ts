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

/**
 * The database's clock without a round trip for each reading: the local clock plus an offset that is measured again every
 * 30 s. Of several samples the one with the shortest round trip counts; its error is at most half of it. All replicas so
 * agree on times to within a few milliseconds, whatever their own clocks say.
 */
export function createDatabaseClock(read: () => Promise<number>, local: () => number = Date.now): DatabaseClock {
  let offset = 0;
  const measure = async (): Promise<void> => {
    let best = Number.POSITIVE_INFINITY;
    let measured = offset;
    for (let sample = 0; sample < samples; sample++) {
      const before = local();
      const database = await read();
      const roundTrip = local() - before;
      if (roundTrip >= best) continue;
      best = roundTrip;
      measured = database - (before + roundTrip / 2);
    }
    offset = Math.round(measured);
  };
  // A failed measurement keeps the offset of the one before; the database being away is reported elsewhere.
  const timer = setInterval(() => void measure().catch(() => {}), intervalMs);
  timer.unref();
  return { now: () => local() + offset, skewMs: () => offset, measure, stop: () => clearInterval(timer) };
}
