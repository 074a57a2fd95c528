import { setTimeout as pause } from "node:timers/promises";
import { settleMs } from "../measure/database-figures.js";
import { snapshotBetween } from "../measure/snapshot.js";
import { type Bench, takeSnapshot } from "./bench.js";

/** Runs the repeats one after the other and counts the commits of all of them, reads included. */
export async function measureRepeats<Repeat>(
  bench: Bench,
  runRepeat: (number: number) => Promise<{ repeat: Repeat; sweeps: number }>,
): Promise<{ repeats: Repeat[]; commits: number }> {
  await pause(settleMs);
  const before = await takeSnapshot(bench);
  const repeats: Repeat[] = [];
  let sweepsInside = 0;
  for (let number = 1; number <= bench.options.repeats; number++) {
    const { repeat, sweeps } = await runRepeat(number);
    sweepsInside += sweeps;
    repeats.push(repeat);
  }
  await pause(settleMs);
  const total = snapshotBetween(before, await takeSnapshot(bench));
  // A pass of a sweep between the repeats is a commit that nothing in them caused.
  return { repeats, commits: total.database.commits - (total.metrics.sweeps - sweepsInside) };
}
