import { DomainError } from "@flovyn/domain";
import { grpcDetails, grpcStatusOf, type Logger, toDomainError } from "@flovyn/runtime";
import { Metadata, type StatusObject, status } from "@grpc/grpc-js";

/** How a call ends when it fails. */
export interface FailedStatus extends StatusObject {
  /** Name of the gRPC status: `NOT_FOUND`. */
  name: string;
}

/** Anything that was thrown, as the status a caller gets. */
export type StatusEdge = (error: unknown, requestId: string) => FailedStatus;

/** Header values are visible ASCII. */
const headerSafe = /^[\x21-\x7e]{1,128}$/;

/**
 * The status comes from the one table of the runtime; `flovyn-error-reason`, `flovyn-request-id` and, where it is
 * known when to try again, `grpc-retry-pushback-ms` ride along as trailers.
 * An error that is not a DomainError is a bug: it is logged here, once, with its causes, and tells the caller nothing.
 */
export function createStatusEdge(log: Logger): StatusEdge {
  return (error, requestId) => {
    if (!(error instanceof DomainError)) log.error({ err: error, requestId }, "a call failed unexpectedly");
    const domainError = toDomainError(error);
    const code = grpcStatusOf(domainError.code);
    const metadata = new Metadata();
    const { reason } = domainError;
    if (reason !== undefined && headerSafe.test(reason)) metadata.set("flovyn-error-reason", reason);
    metadata.set("flovyn-request-id", requestId);
    const { retryAfterMs } = domainError;
    if (retryAfterMs !== undefined) metadata.set("grpc-retry-pushback-ms", String(Math.ceil(retryAfterMs)));
    return { code, name: status[code], details: grpcDetails(domainError.message), metadata };
  };
}
