import { assertNever, DomainError, type ErrorCode } from "@flovyn/domain";
import { status } from "@grpc/grpc-js";

/** The gRPC status of each code. */
export function grpcStatusOf(code: ErrorCode): status {
  switch (code) {
    case "InvalidInput":
    case "PayloadTooLarge":
      return status.INVALID_ARGUMENT;
    case "Unauthenticated":
      return status.UNAUTHENTICATED;
    case "Forbidden":
      return status.PERMISSION_DENIED;
    case "NotFound":
      return status.NOT_FOUND;
    case "AlreadyExists":
      return status.ALREADY_EXISTS;
    case "WrongState":
      return status.FAILED_PRECONDITION;
    case "StaleClaim":
      return status.ABORTED;
    case "LimitExceeded":
      return status.RESOURCE_EXHAUSTED;
    case "Unavailable":
      return status.UNAVAILABLE;
    case "Timeout":
      return status.DEADLINE_EXCEEDED;
    case "Cancelled":
      return status.CANCELLED;
    case "Unimplemented":
      return status.UNIMPLEMENTED;
    case "Internal":
      return status.INTERNAL;
    default:
      return assertNever(code);
  }
}

/** Anything that is thrown, as the error a caller may see. What is not a DomainError says nothing of its cause. */
export function toDomainError(error: unknown): DomainError {
  return error instanceof DomainError ? error : new DomainError("Internal", "internal error", { cause: error });
}

/** Details travel percent-encoded in a header; clients end a stream with more than 16 KiB of them without any status. */
const detailsLengthMax = 2_048;
/** grpc-js cannot send half of a surrogate pair. */
const loneSurrogates = /\p{Surrogate}/gu;
/** Existing workers read the texts of failed polls: these words make them reconnect, or poll again without a pause. */
const misleadingWords = /UNAVAILABLE|h2 protocol error|transport error|connection error|Connection refused/g;

/**
 * The text of an error as status details: short enough for a header, encodable, and without words that existing clients
 * take for a broken connection. Source: docs/protocol.md.
 */
export function grpcDetails(message: string): string {
  const short = message.length > detailsLengthMax ? `${message.slice(0, detailsLengthMax - 1)}…` : message;
  return short
    .replace(loneSurrogates, "\ufffd")
    .replace(misleadingWords, (words) => (words === "UNAVAILABLE" ? "unavailable" : words.replace(" ", "-")));
}
