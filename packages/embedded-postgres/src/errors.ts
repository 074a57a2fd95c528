export type EmbeddedPostgresErrorCode =
  /** No binaries for this system, or they do not run here. */
  | "Unsupported"
  /** No unprivileged account to run as, or no directory it can reach. */
  | "NoAccount"
  /** Another living process owns the data directory. */
  | "InUse"
  /** The port asked for is taken. */
  | "PortBusy"
  /** initdb or postgres failed; the message carries what it printed last. */
  | "Failed";

/** The one error of this package. The message says what to do. */
export class EmbeddedPostgresError extends Error {
  readonly code: EmbeddedPostgresErrorCode;

  constructor(code: EmbeddedPostgresErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EmbeddedPostgresError";
    this.code = code;
  }
}

/** Whether a value is a system error with this code, as `fs` and `process.kill` throw them. */
export function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
