import pg from "pg";
import { type Expected, problemsOf } from "./check-queue.js";
import { readQueue } from "./read-queue.js";

/** A finished load on one queue and what its client saw. */
export interface FinishedPhase {
  queue: string;
  workflowIds: string[];
  expected: Pick<Expected, "workflows" | "history" | "tasks">;
  /** How often a task was handed to a worker. */
  taskRuns: number;
}

/**
 * Checks every phase against the database. `also` finds what is wrong beyond workflows and tasks. Throws, listing every
 * problem, unless each workflow ran exactly once.
 */
export async function verifyPhases<Phase extends FinishedPhase>(
  databaseUrl: string,
  phases: readonly Phase[],
  also: (client: pg.Client, phase: Phase) => Promise<string[]> = async () => [],
): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: "flovyn-bench" });
  await client.connect();
  try {
    const problems: string[] = [];
    for (const phase of phases) {
      const { queue, workflowIds, expected, taskRuns } = phase;
      const ids = [...new Set(workflowIds)];
      const facts = await readQueue(client, queue, ids);
      const found = [...problemsOf(facts, { ...expected, ids: ids.length, taskRuns }), ...(await also(client, phase))];
      problems.push(...found.map((problem) => `  ${queue}: ${problem}`));
    }
    if (problems.length > 0) throw new Error(`the run is not valid:\n${problems.join("\n")}`);
  } finally {
    await client.end();
  }
}
