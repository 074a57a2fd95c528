import type { PromisesContext } from "../context.js";
import { createSettleBatcher } from "./settle.js";
import { createTimeOutBatcher } from "./time-out.js";

/** The batchers of one process. */
export type Batches = ReturnType<typeof createBatches>;

export function createBatches(context: PromisesContext) {
  return { settle: createSettleBatcher(context), timeOut: createTimeOutBatcher(context) };
}
