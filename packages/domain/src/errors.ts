/** Why an operation was refused. One vocabulary for all services; the edges translate it (packages/runtime). */
export type ErrorCode =
  | "InvalidInput"
  | "PayloadTooLarge"
  | "Unauthenticated"
  | "Forbidden"
  | "NotFound"
  | "AlreadyExists"
  | "WrongState"
  | "StaleClaim"
  | "LimitExceeded"
  | "Unavailable"
  | "Timeout"
  | "Cancelled"
  | "Unimplemented"
  | "Internal";

export const errorCodes: readonly ErrorCode[] = [
  "InvalidInput",
  "PayloadTooLarge",
  "Unauthenticated",
  "Forbidden",
  "NotFound",
  "AlreadyExists",
  "WrongState",
  "StaleClaim",
  "LimitExceeded",
  "Unavailable",
  "Timeout",
  "Cancelled",
  "Unimplemented",
  "Internal",
];

export interface DomainErrorOptions {
  /** Stable machine-readable reason inside the code, e.g. `STALE_LEASE`; reaches the caller. */
  reason?: string;
  /** The request field that is wrong, as the caller spells it; reaches the caller. */
  field?: string;
  /** When the same call is worth another try, from now; reaches the caller. */
  retryAfterMs?: number;
  /** For the log only; never reaches the caller. */
  context?: Record<string, unknown>;
  cause?: unknown;
}

/** An expected failure. `message` is written for the caller and holds nothing internal. */
export class DomainError extends Error {
  readonly code: ErrorCode;
  readonly reason: string | undefined;
  readonly field: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly context: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, options: DomainErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "DomainError";
    this.code = code;
    this.reason = options.reason;
    this.field = options.field;
    this.retryAfterMs = options.retryAfterMs;
    this.context = options.context ?? {};
  }

  /** Whether the same call may succeed later without being changed. */
  get retryable(): boolean {
    return isRetryable(this.code);
  }
}

export function isRetryable(code: ErrorCode): boolean {
  return code === "Unavailable" || code === "Timeout" || code === "Cancelled" || code === "LimitExceeded";
}

/** InvalidInput for one named field: `queue: must not be blank`. */
export function invalidField(field: string, problem: string, options: DomainErrorOptions = {}): DomainError {
  return new DomainError("InvalidInput", `${field}: ${problem}`, { ...options, field });
}

/** NotFound for what one named field names: `worker_id: there is no such worker`. */
export function missingOf(field: string, problem: string): DomainError {
  return new DomainError("NotFound", `${field}: ${problem}`, { field });
}

/** What is wrong with one field: `queue` and `must not be blank`. */
export interface FieldProblem {
  readonly field: string;
  readonly problem: string;
}

/** InvalidInput for all that is wrong with a request; `field` is the first. */
export function invalidFields(problems: readonly [FieldProblem, ...FieldProblem[]]): DomainError {
  const message = problems.map(({ field, problem }) => `${field}: ${problem}`).join("; ");
  return new DomainError("InvalidInput", message, { field: problems[0].field });
}

/** Marks a branch that the types say cannot be reached. */
export function assertNever(value: never): never {
  throw new Error(`unreachable value: ${JSON.stringify(value)}`);
}
