import type { Context } from "hono";
import type { HttpEnv } from "./http-context.js";
import { type JsonText, jsonBytes } from "./json-text.js";
import { accountOf } from "./request-account.js";

/** Answers with JSON. Errors: LimitExceeded where the caller leaves too much unread. */
export function respondJson(context: Context<HttpEnv>, text: JsonText, status: 200 | 201 = 200): Response {
  const bytes = new Uint8Array(jsonBytes(text));
  accountOf(context.req.raw)?.answer(bytes.byteLength);
  return context.body(bytes, status, { "content-type": "application/json" });
}
