import type { Context } from "hono";
import type { HttpEnv } from "./http-context.js";
import { type JsonText, jsonBytes } from "./json-text.js";

export function respondJson(context: Context<HttpEnv>, text: JsonText, status: 200 | 201 = 200): Response {
  return context.body(new Uint8Array(jsonBytes(text)), status, { "content-type": "application/json" });
}
