import type { Topology } from "../topology/topology.js";
import type { DatabaseFigures, FiguresReader } from "./database-figures.js";
import { metricsBetween, readMetrics, type ServerMetrics } from "./metrics.js";

/** Everything that is counted from the start of the processes on. */
export interface Snapshot {
  /** CPU seconds by process name; empty where the system does not tell. */
  cpu: Record<string, number>;
  metrics: ServerMetrics;
  database: DatabaseFigures;
}

export async function readSnapshot(from: {
  cpu: () => [name: string, seconds: number | undefined][];
  topology: Topology;
  figures: FiguresReader;
}): Promise<Snapshot> {
  const metrics = await readMetrics(from.topology.metricsUrls);
  const database = await from.figures.read();
  const cpu: Record<string, number> = {};
  for (const [name, seconds] of from.cpu()) {
    if (seconds !== undefined) cpu[name] = (cpu[name] ?? 0) + seconds;
  }
  return { cpu, metrics, database };
}

/** What was added between two snapshots. */
export function snapshotBetween(before: Snapshot, after: Snapshot): Snapshot {
  return {
    cpu: Object.fromEntries(
      Object.entries(after.cpu).map(([name, seconds]) => [name, seconds - (before.cpu[name] ?? 0)]),
    ),
    metrics: metricsBetween(before.metrics, after.metrics),
    database: {
      walBytes: after.database.walBytes - before.database.walBytes,
      writeTransactions: after.database.writeTransactions - before.database.writeTransactions,
      commits: after.database.commits - before.database.commits,
    },
  };
}
