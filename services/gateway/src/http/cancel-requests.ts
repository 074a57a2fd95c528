import { checkLength } from "@flovyn/domain";
import { cancelReasonLengthMax } from "../limits.js";
import { readOptionalBody } from "./body.js";
import { checkFields } from "./fields.js";
import { cancelBody, cancelTaskBody } from "./routes/cancel-schemas.js";

export interface CancelOrder {
  /** Empty when the caller gave none. */
  reason: string;
  /** Whether child workflows end too. */
  cascadeToChildren: boolean;
}

/** What the body of a cancel says; it may be left out. Errors: InvalidInput naming the member, PayloadTooLarge. */
export async function readCancel(request: Request): Promise<CancelOrder> {
  const { reason, cascadeToChildren } = checkFields(cancelBody, await readOptionalBody(request));
  return { reason: checkReason(reason), cascadeToChildren: cascadeToChildren ?? true };
}

/** The same of a task, which has no children. */
export async function readCancelTask(request: Request): Promise<Pick<CancelOrder, "reason">> {
  const { reason } = checkFields(cancelTaskBody, await readOptionalBody(request));
  return { reason: checkReason(reason) };
}

function checkReason(reason: string | null | undefined): string {
  return checkLength(reason ?? "", "reason", cancelReasonLengthMax);
}
