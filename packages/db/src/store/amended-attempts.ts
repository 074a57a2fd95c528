import { sql } from "drizzle-orm";
import type { Transaction } from "../database.js";
import { statement } from "../statement.js";
import type { AttemptRow } from "./tasks.js";

const amendMany = statement<never>()(
  "tasks.amendAttempts",
  {
    params: [],
    sets: { amended: { taskId: "uuid", attempt: "int", status: "text", output: "bytea", finishedAt: "timestamptz" } },
  },
  ({ rows }) => sql`
    update task_attempt as written set status = amended.status, output = amended.output, error = null,
      finished_at = "finishedAt"
    from ${rows("amended")}
    where task_execution_id = "taskId" and written.attempt = amended.attempt and written.status = 'RECLAIMED'`,
);

/** Attempts of locked tasks that were taken back, and completed after all. */
export function amendAttempts(tx: Transaction, amended: readonly AttemptRow[]): void {
  if (amended.length === 0) return;
  tx.defer(
    amendMany.run(tx, {
      amended: amended.map(({ taskId, attempt, status, output, finishedAt }) => {
        return { taskId, attempt, status, output, finishedAt };
      }),
    }),
  );
}
