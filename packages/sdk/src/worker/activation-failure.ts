import type { ActivationFailureReason } from "@flovyn/domain";
import type { DeterminismViolation } from "../engine/violation.js";
import { readThrown } from "../thrown/read-thrown.js";
import { isRefusal, isUnsendable } from "../wire/service-error.js";

/** Why this worker cannot run an execution. The execution itself is none the worse for it. */
export class ActivationFailure extends Error {
  readonly reason: ActivationFailureReason;
  /** The event at which it went wrong; 0 when there is none. */
  readonly eventSequence: number;

  constructor(reason: ActivationFailureReason, message: string, eventSequence = 0) {
    super(message);
    this.reason = reason;
    this.eventSequence = eventSequence;
  }
}

export function unknownKind(kind: string): ActivationFailure {
  return new ActivationFailure("UNKNOWN_KIND", `Unknown workflow kind ${JSON.stringify(kind)}`);
}

export function violated({ message, eventSequence }: DeterminismViolation): ActivationFailure {
  return new ActivationFailure("DETERMINISM_VIOLATION", message, eventSequence);
}

export function unreadable(thrown: unknown): ActivationFailure {
  return new ActivationFailure("HISTORY_UNREADABLE", `The history cannot be replayed: ${readThrown(thrown).text}`);
}

/** Of a call for the history: a refusal that stays, or an answer that is larger than this worker takes. */
export function isUnreadable(error: unknown): boolean {
  return (
    isUnsendable(error) ||
    isRefusal(
      error,
      "FAILED_PRECONDITION",
      "PERMISSION_DENIED",
      "INVALID_ARGUMENT",
      "UNIMPLEMENTED",
      "OUT_OF_RANGE",
      "DATA_LOSS",
    )
  );
}
