import { DomainError, type ErrorCode } from "@flovyn/domain";
import { FlovynServiceError, type StatusName } from "../wire/service-error.js";

const statuses: Readonly<Record<ErrorCode, StatusName>> = {
  InvalidInput: "INVALID_ARGUMENT",
  PayloadTooLarge: "INVALID_ARGUMENT",
  Unauthenticated: "UNAUTHENTICATED",
  Forbidden: "PERMISSION_DENIED",
  NotFound: "NOT_FOUND",
  AlreadyExists: "ALREADY_EXISTS",
  WrongState: "FAILED_PRECONDITION",
  StaleClaim: "ABORTED",
  LimitExceeded: "RESOURCE_EXHAUSTED",
  Unavailable: "UNAVAILABLE",
  Timeout: "DEADLINE_EXCEEDED",
  Cancelled: "CANCELLED",
  Unimplemented: "UNIMPLEMENTED",
  Internal: "INTERNAL",
};

/** Runs what a call of the server does. Errors: FlovynServiceError in place of a DomainError, as a client gets it. */
export function asCall<Result>(operation: string, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const { code, message, reason } = error;
    throw new FlovynServiceError(operation, { code: statuses[code], message, reason });
  }
}
