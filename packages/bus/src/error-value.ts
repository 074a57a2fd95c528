import { DomainError, type ErrorCode, errorCodes } from "@flovyn/domain";
import type { BusLog } from "./log.js";

/** A failure as it travels: what the caller may see, nothing else. */
export interface ErrorValue {
  /** ErrorCode of packages/domain; a newer peer may send one that is not known here. */
  code: string;
  message: string;
  /** Empty when there is none. */
  reason: string;
  field: string;
}

/** For failures that are no one's business outside the log. */
export const internalText = "an internal error occurred";
/** Longer texts are cut: an error must fit beside other frames. */
const textLengthMax = 64 * 1024;

/**
 * What the requester learns of a rejection. A DomainError travels by code, message, reason and field; anything else becomes
 * Internal with a generic text. Internal failures are logged here, once, with their cause: the requester never sees it.
 */
export function toErrorValue(error: unknown, operation: string, requestId: string, log: BusLog): ErrorValue {
  if (!(error instanceof DomainError)) {
    log.error({ err: error, operation, requestId }, "request failed");
    return { code: "Internal", message: internalText, reason: "", field: "" };
  }
  if (error.code === "Internal")
    log.error({ err: error, context: error.context, operation, requestId }, "request failed");
  return {
    code: error.code,
    message: error.message.slice(0, textLengthMax),
    reason: error.reason ?? "",
    field: error.field ?? "",
  };
}

/** The error a requester gets. A code that is not known here becomes Internal. */
export function fromErrorValue(value: ErrorValue): DomainError {
  if (!isErrorCode(value.code)) {
    return new DomainError("Internal", internalText, { context: { code: value.code.slice(0, 64) } });
  }
  return new DomainError(value.code, value.message, {
    ...(value.reason !== "" && { reason: value.reason }),
    ...(value.field !== "" && { field: value.field }),
  });
}

const known: ReadonlySet<string> = new Set(errorCodes);

function isErrorCode(code: string): code is ErrorCode {
  return known.has(code);
}
