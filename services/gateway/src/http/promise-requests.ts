import type { SettlePromiseRequest } from "@flovyn/proto/internal";
import { promiseTokenSecondsDefault } from "../limits.js";
import { readBody, readOptionalBody, readPayload } from "./body.js";
import { checkFields, parseTtl } from "./fields.js";
import { promiseTokenBody, rejectBody, resolveBody } from "./routes/promise-schemas.js";

/** The value that a promise is resolved with. A body that is left out means null. Errors: InvalidInput, PayloadTooLarge. */
export async function readResolve(request: Request, promise: string): Promise<SettlePromiseRequest> {
  const body = await readOptionalBody(request);
  checkFields(resolveBody, body);
  return { promise, outcome: { $case: "value", value: readPayload(body, "value", "null") } };
}

/** Errors: InvalidInput naming the member of the body, PayloadTooLarge. */
export async function readReject(request: Request, promise: string): Promise<SettlePromiseRequest> {
  const { error } = checkFields(rejectBody, await readBody(request));
  return { promise, outcome: { $case: "error", value: error } };
}

/** For how many seconds a token is wanted. Errors: InvalidInput with the forms and the limit. */
export async function readTokenTtl(request: Request): Promise<number> {
  const { expiresIn } = checkFields(promiseTokenBody, await readOptionalBody(request));
  return typeof expiresIn === "string" ? parseTtl(expiresIn, "expiresIn") : promiseTokenSecondsDefault;
}
