import { expect, it } from "vitest";
import { costsOf } from "../measure/costs.js";
import type { Snapshot } from "../measure/snapshot.js";
import { costFigures } from "./cost-figures.js";

function used(cpu: number, batches: Snapshot["metrics"]["batches"]): Snapshot {
  return {
    cpu: { flovyn: cpu },
    metrics: { statements: 200, transactions: 0, sweeps: 0, batches },
    database: { walBytes: 5000, writeTransactions: 50, commits: 0 },
  };
}

it("shares costs out among the units, and takes the median of the repeats", () => {
  const starts = (batches: number) => new Map([["workflow.start", { batches, items: 100 }]]);
  const repeats = [used(1, starts(10)), used(3, starts(20)), used(2, new Map())].map((one) => costsOf(one, 100));
  expect(costFigures(repeats)).toEqual({
    cpuSeconds: { flovyn: 2 },
    cpuMs: { flovyn: 20 },
    queries: 2,
    writeCommits: 0.5,
    walBytes: 50,
    // It did not run in one of the repeats.
    batches: { "workflow.start": { batches: 0.1, meanItems: 5 } },
  });
});
