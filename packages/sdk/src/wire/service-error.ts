import { type ServiceError as GrpcError, status } from "@grpc/grpc-js";

export type StatusName = keyof typeof status;

/** The server refused a call, or could not be reached. */
export class FlovynServiceError extends Error {
  override readonly name: string = "FlovynServiceError";
  /** RPC that failed, for example `StartWorkflow`. */
  readonly operation: string;
  /** gRPC status, for example `NOT_FOUND`. */
  readonly code: StatusName;
  /** The message without operation and code. */
  readonly detail: string;
  /** Stable reason inside the code, for example `STALE_LEASE`, when the server gave one. */
  readonly reason: string | undefined;

  /** Under which the log of the server has the call, when the server gave one. */
  readonly requestId: string | undefined;

  constructor(operation: string, failure: ServiceFailure) {
    super(`${operation}: ${failure.message} (${failure.code})`);
    this.operation = operation;
    this.code = failure.code;
    this.detail = failure.message;
    this.reason = failure.reason;
    this.requestId = failure.requestId;
  }
}

/** No connection was made: the message says what was dialled, what was found there and what to check, in one line. */
export class FlovynConnectionError extends FlovynServiceError {
  override readonly name = "FlovynConnectionError";
  readonly serverUrl: string;
  /** Trying again will not help: what is at the address was never a gRPC server while this client has known it. */
  readonly lasting: boolean;

  constructor(operation: string, failure: { serverUrl: string; problem: string; lasting: boolean }) {
    const { serverUrl, problem, lasting } = failure;
    super(operation, { code: "UNAVAILABLE", message: `dialled ${serverUrl}: ${problem}` });
    this.serverUrl = serverUrl;
    this.lasting = lasting;
    withoutStack(this);
  }
}

const reasonTrailer = "flovyn-error-reason";
const requestIdTrailer = "flovyn-request-id";

/** What a refusal says. */
interface ServiceFailure {
  readonly code: StatusName;
  readonly message: string;
  readonly reason?: string | undefined;
  readonly requestId?: string | undefined;
}

export function toServiceError(operation: string, error: GrpcError): FlovynServiceError {
  const trailer = (name: string) => error.metadata?.get(name)[0]?.toString();
  return withoutStack(
    new FlovynServiceError(operation, {
      code: nameOf(error.code),
      message: error.details || error.message,
      reason: trailer(reasonTrailer),
      requestId: trailer(requestIdTrailer),
    }),
  );
}

/** Where the answer of a call is read is always the same place inside of the transport, and loggers print it. */
function withoutStack<Failure extends FlovynServiceError>(error: Failure): Failure {
  error.stack = `${error.name}: ${error.message}`;
  return error;
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
  if (error instanceof FlovynConnectionError) return !error.lasting;
  return error instanceof FlovynServiceError && passing.has(error.code) && !isUnsendable(error);
}

/** Whether a server said so, rather than the transport. */
export function isAnswer({ code }: Pick<GrpcError, "code">): boolean {
  return !passing.has(nameOf(code));
}

/** Whether the transport gave up before there was a connection, which it has several texts for. */
export function isUnconnected({ code, details }: Pick<GrpcError, "code" | "details">): boolean {
  if (code === status.UNAVAILABLE) return /^(No connection established|Name resolution failed)/.test(details);
  return code === status.DEADLINE_EXCEEDED && details.includes("Waiting for LB pick");
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
