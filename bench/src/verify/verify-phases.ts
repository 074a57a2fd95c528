import pg from "pg";
import type { Workload } from "../workloads.js";
import { problemsOf } from "./check-queue.js";
import { readQueue } from "./read-queue.js";

/** A finished load and what its clients saw. */
export interface Phase {
  queue: string;
  workflows: number;
  workflowIds: string[];
  taskRuns: number;
}

/** Checks every phase against the database. Throws, listing every problem, unless each workflow ran exactly once. */
export async function verifyPhases(databaseUrl: string, workload: Workload, phases: readonly Phase[]): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: "flovyn-bench" });
  await client.connect();
  try {
    const problems: string[] = [];
    for (const { queue, workflows, workflowIds, taskRuns } of phases) {
      const ids = [...new Set(workflowIds)];
      const facts = await readQueue(client, queue, ids);
      const found = problemsOf(facts, { workload, workflows, ids: ids.length, taskRuns });
      problems.push(...found.map((problem) => `  ${queue}: ${problem}`));
    }
    if (problems.length > 0) throw new Error(`the run is not valid:\n${problems.join("\n")}`);
  } finally {
    await client.end();
  }
}
