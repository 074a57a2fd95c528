import { WorkflowCancelledError } from "../../errors.js";
import type { ActivationScope } from "./scope.js";

/** Errors: WorkflowCancelledError when a cancellation was asked for. A cancelled workflow is not replayed again. */
export function checkCancellation({ replay, executionId }: ActivationScope): void {
  if (replay.cancellation !== undefined) throw new WorkflowCancelledError(executionId, replay.cancellation);
}
