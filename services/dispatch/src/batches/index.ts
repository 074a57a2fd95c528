import type { DispatchContext } from "../context.js";
import { createWorkflowClaimBatcher } from "./claim.js";
import { createHistoryBatcher } from "./histories.js";
import { createResultBatcher } from "./results.js";
import { createStartBatcher } from "./start.js";
import { createSubmitBatcher } from "./submit.js";

/** The batchers of one process: every hot operation goes through one of them. */
export type Batches = ReturnType<typeof createBatches>;

export function createBatches(context: DispatchContext) {
  return {
    start: createStartBatcher(context),
    claim: createWorkflowClaimBatcher(context),
    submit: createSubmitBatcher(context),
    history: createHistoryBatcher(context),
    result: createResultBatcher(context),
  };
}
