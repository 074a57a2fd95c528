import type { Snapshot } from "./snapshot.js";

/** What was used for each unit of a load: for each workflow, timer or wake. */
export interface Costs {
  /** By process name, for all units together. */
  cpuSeconds: Record<string, number>;
  cpuMs: Record<string, number>;
  statements: number;
  writeCommits: number;
  walBytes: number;
  batches: Record<string, { batches: number; meanItems: number }>;
}

/** Shares out what was added between two snapshots. */
export function costsOf({ cpu, metrics, database }: Snapshot, units: number): Costs {
  return {
    cpuSeconds: cpu,
    cpuMs: Object.fromEntries(Object.entries(cpu).map(([name, seconds]) => [name, (seconds * 1000) / units])),
    statements: metrics.statements / units,
    writeCommits: database.writeTransactions / units,
    walBytes: database.walBytes / units,
    batches: Object.fromEntries(
      [...metrics.batches].map(([name, { batches, items }]) => [
        name,
        { batches: batches / units, meanItems: items / batches },
      ]),
    ),
  };
}
