import { assertNever, type DomainError, type ErrorCode } from "@flovyn/domain";

/** Body of an error answer: RFC 9457, with the contract's `error` and `code` beside it. */
export interface HttpProblem {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** Request id. */
  instance: string;
  error: string;
  code: ErrorCode;
  reason?: string;
  field?: string;
  retryable: boolean;
}

export const problemContentType = "application/problem+json";

/** The HTTP status of each code. */
export function httpStatusOf(code: ErrorCode): number {
  switch (code) {
    case "InvalidInput":
      return 400;
    case "PayloadTooLarge":
      return 413;
    case "Unauthenticated":
      return 401;
    case "Forbidden":
      return 403;
    case "NotFound":
      return 404;
    case "AlreadyExists":
    case "WrongState":
    case "StaleClaim":
      return 409;
    case "LimitExceeded":
      return 429;
    case "Unavailable":
      return 503;
    case "Timeout":
      return 504;
    case "Cancelled":
      return 499;
    case "Unimplemented":
      return 501;
    case "Internal":
      return 500;
    default:
      return assertNever(code);
  }
}

function titleOf(code: ErrorCode): string {
  const words = code.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return `${words[0]?.toUpperCase()}${words.slice(1)}`;
}

/** `type` and `title` are fixed for each code. */
export function toHttpProblem(error: DomainError, requestId: string): HttpProblem {
  const { code, message, reason, field } = error;
  return {
    type: `https://flovyn.dev/problems/${titleOf(code).replaceAll(" ", "-").toLowerCase()}`,
    title: titleOf(code),
    status: httpStatusOf(code),
    detail: message,
    instance: requestId,
    error: message,
    code,
    ...(reason === undefined ? {} : { reason }),
    ...(field === undefined ? {} : { field }),
    retryable: error.retryable,
  };
}
