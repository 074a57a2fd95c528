import type { ActivationFailure } from "@flovyn/domain";
import { sql } from "drizzle-orm";
import type { Executor } from "../database.js";
import { statement } from "../statement.js";

export interface ActivationFailureRow extends ActivationFailure {
  workflowId: string;
  /** Before this time the workflow is not claimed. */
  availableAtMs: number;
}

const noteMany = statement<never>()(
  "workflows.noteActivationFailures",
  {
    params: ["now"],
    sets: {
      failure: {
        workflowId: "uuid",
        reason: "text",
        message: "text",
        eventSequence: "int",
        availableAt: "timestamptz",
      },
    },
  },
  ({ time, rows }) => sql`
    update workflow_execution as execution set
      activation_failure_reason = failure.reason, activation_failure_message = failure.message,
      activation_failure_sequence = failure."eventSequence", activation_failed_at = ${time("now")},
      available_at = failure."availableAt",
      dispatch_at = greatest(execution.created_at, failure."availableAt") - priority_ms * interval '1 millisecond'
    from ${rows("failure")} where execution.id = failure."workflowId"`,
);

/** Writes down why the activations of locked workflows failed, and when they may be claimed again. The count is saved with the row. */
export async function noteActivationFailures(
  tx: Executor,
  { now, failures }: { now: number; failures: readonly ActivationFailureRow[] },
): Promise<void> {
  if (failures.length === 0) return;
  await noteMany.run(tx, {
    now,
    failure: failures.map(({ workflowId, reason, message, eventSequence, availableAtMs }) => {
      return { workflowId, reason, message, eventSequence, availableAt: availableAtMs };
    }),
  });
}
