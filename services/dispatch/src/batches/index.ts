import type { DispatchContext } from "../context.js";
import { createActivationFailureBatcher } from "./activation-failures.js";
import { createWorkflowClaimBatcher } from "./claim.js";
import { createEnds } from "./ends.js";
import { createHistoryBatcher } from "./histories.js";
import { createResultBatcher } from "./results.js";
import { createSignalBatcher } from "./signal.js";
import { createSignalStartBatcher } from "./signal-with-start.js";
import { createStartBatcher } from "./start.js";
import { createSubmitBatcher } from "./submit.js";

/** The batchers of one process: every hot operation goes through one of them. */
export type Batches = ReturnType<typeof createBatches>;

export function createBatches(context: DispatchContext) {
  const ends = createEnds(context);
  return {
    start: createStartBatcher(context),
    claim: createWorkflowClaimBatcher(context),
    submit: createSubmitBatcher(context, ends),
    activationFailure: createActivationFailureBatcher(context),
    signal: createSignalBatcher(context),
    signalWithStart: createSignalStartBatcher(context),
    history: createHistoryBatcher(context),
    result: createResultBatcher(context),
    ends,
  };
}
