import { DomainError } from "@flovyn/domain";
import { type Logger, problemContentType, toDomainError, toHttpProblem } from "@flovyn/runtime";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { toCallError } from "../audit/auditor.js";
import type { HttpEnv } from "./http-context.js";
import type { ForeignBody } from "./json-body.js";
import { type HttpProblemParts, httpProblemText, problemText } from "./problem-text.js";

/** The caller may come back after this many seconds. */
const retryAfterSeconds = 1;

export interface ProblemExtras {
  /** The contract of a route fixes another HTTP status than the code has. */
  status?: 400;
  /** Status of the execution that did not allow the request. */
  currentState?: string;
}

/** Anything that was thrown, as problem+json. What is not a DomainError is a bug: it is logged here, once. */
export function problemResponse(
  context: Context<HttpEnv>,
  error: unknown,
  log: Logger,
  extras: ProblemExtras = {},
): Response {
  const requestId = context.get("requestId");
  if (!(error instanceof DomainError)) log.error({ err: error, requestId }, "a request failed unexpectedly");
  const problem = { ...toHttpProblem(toDomainError(error), requestId), ...extras };
  if (context.get("failure") === undefined) context.set("failure", toCallError(error));
  const headers: Record<string, string> = { "content-type": problemContentType };
  if (problem.code === "Unauthenticated") headers["www-authenticate"] = "Bearer";
  if (problem.code === "LimitExceeded" || problem.code === "Unavailable") {
    const afterMs = error instanceof DomainError ? error.retryAfterMs : undefined;
    headers["retry-after"] = String(afterMs === undefined ? retryAfterSeconds : Math.max(1, Math.ceil(afterMs / 1000)));
  }
  return context.body(problemText(problem), problem.status as ContentfulStatusCode, headers);
}

/** 405: the path exists, the method on it does not. */
export function methodNotAllowed(context: Context<HttpEnv>, allowed: readonly string[]): Response {
  const allow = allowed.join(", ");
  const detail = `${context.req.method} is not a method of ${context.req.path}; it takes ${allow}`;
  const problem = { name: "method-not-allowed", title: "Method not allowed", status: 405, code: "MethodNotAllowed" };
  return spelledOut(context, { ...problem, detail }, { allow });
}

/** 415: the body is declared to be something else than JSON in UTF-8. */
export function unsupportedMediaType(context: Context<HttpEnv>, { field, problem: text }: ForeignBody): Response {
  const problem = {
    ...{ name: "unsupported-media-type", title: "Unsupported media type" },
    ...{ status: 415, code: "UnsupportedMediaType", field },
  };
  const wanted = { accept: "application/json", "accept-encoding": "identity" };
  return spelledOut(context, { ...problem, detail: `${field}: ${text}` }, wanted);
}

/** A problem of HTTP itself, which no code of a DomainError means. */
function spelledOut(context: Context<HttpEnv>, problem: HttpProblemParts, headers: Record<string, string>): Response {
  const text = httpProblemText(problem, context.get("requestId"));
  const status = problem.status as ContentfulStatusCode;
  return context.body(text, status, { "content-type": problemContentType, ...headers });
}
