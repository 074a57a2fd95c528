import type { TasksContext } from "../context.js";
import type { DelayedHints } from "../delayed-hints.js";
import { createTaskClaimBatcher } from "./claim.js";
import { createHeartbeatBatcher } from "./heartbeat.js";
import { createReportBatcher } from "./report.js";
import { createSubmitBatcher } from "./submit.js";

/** The batchers of one process: every hot operation goes through one of them. */
export type Batches = ReturnType<typeof createBatches>;

export function createBatches(context: TasksContext, hints: DelayedHints) {
  return {
    submit: createSubmitBatcher(context),
    claim: createTaskClaimBatcher(context),
    report: createReportBatcher(context, hints),
    heartbeat: createHeartbeatBatcher(context),
  };
}
