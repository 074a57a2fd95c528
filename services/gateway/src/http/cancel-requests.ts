import { checkLength } from "@flovyn/domain";
import { cancelReasonLengthMax } from "../limits.js";
import { readOptionalBody } from "./body.js";
import { checkBody } from "./fields.js";
import { cancelBody } from "./routes/cancel-schemas.js";

export interface CancelOrder {
  /** Empty when the caller gave none. */
  reason: string;
  /** Whether child workflows end too. */
  cascadeToChildren: boolean;
}

/** What the body of a cancel says; it may be left out. Errors: InvalidInput naming the member, PayloadTooLarge. */
export async function readCancel(request: Request): Promise<CancelOrder> {
  const fields = checkBody(cancelBody, await readOptionalBody(request));
  return {
    reason: checkLength(fields.reason ?? "", "reason", cancelReasonLengthMax),
    cascadeToChildren: fields.cascadeToChildren ?? true,
  };
}
