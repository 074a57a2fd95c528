import { type ServiceError as GrpcError, status } from "@grpc/grpc-js";

export type StatusName = keyof typeof status;

/** The server refused a call, or could not be reached. */
export class FlovynServiceError extends Error {
  override readonly name = "FlovynServiceError";
  /** RPC that failed, for example `StartWorkflow`. */
  readonly operation: string;
  /** gRPC status, for example `NOT_FOUND`. */
  readonly code: StatusName;
  /** Stable reason inside the code, for example `STALE_LEASE`, when the server gave one. */
  readonly reason: string | undefined;

  constructor(operation: string, failure: { code: StatusName; message: string; reason?: string; cause?: unknown }) {
    super(`${operation}: ${failure.message} (${failure.code})`, { cause: failure.cause });
    this.operation = operation;
    this.code = failure.code;
    this.reason = failure.reason;
  }
}

const reasonTrailer = "flovyn-error-reason";

export function toServiceError(operation: string, error: GrpcError): FlovynServiceError {
  const reason = error.metadata?.get(reasonTrailer)[0];
  return new FlovynServiceError(operation, {
    code: nameOf(error.code),
    message: error.details || error.message,
    ...(typeof reason === "string" ? { reason } : {}),
    cause: error,
  });
}

/** Codes with which the same call may succeed later. */
const passing: ReadonlySet<StatusName> = new Set([
  "UNAVAILABLE",
  "DEADLINE_EXCEEDED",
  "RESOURCE_EXHAUSTED",
  "CANCELLED",
  "INTERNAL",
  "UNKNOWN",
]);

/** Whether an unchanged call may succeed later. INTERNAL and UNKNOWN count: broken connections can end as either. */
export function mayPass(error: unknown): boolean {
  return error instanceof FlovynServiceError && passing.has(error.code) && !isUnsendable(error);
}

/** The transport reports what it can never send, or never take, by codes that otherwise mean "later". */
export function isUnsendable(error: unknown): boolean {
  return error instanceof FlovynServiceError && /larger than max|serialization failure/.test(error.message);
}

export function isRefusal(error: unknown, ...codes: readonly StatusName[]): boolean {
  return error instanceof FlovynServiceError && codes.includes(error.code);
}

function nameOf(code: status): StatusName {
  return (status[code] as StatusName | undefined) ?? "UNKNOWN";
}
