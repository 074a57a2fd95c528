import { DomainError, errorCodes } from "@flovyn/domain";
import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { grpcStatusOf, toDomainError } from "./grpc-status.js";
import { httpStatusOf, toHttpProblem } from "./http-problem.js";

const table = {
  InvalidInput: [status.INVALID_ARGUMENT, 400],
  PayloadTooLarge: [status.INVALID_ARGUMENT, 413],
  Unauthenticated: [status.UNAUTHENTICATED, 401],
  Forbidden: [status.PERMISSION_DENIED, 403],
  NotFound: [status.NOT_FOUND, 404],
  AlreadyExists: [status.ALREADY_EXISTS, 409],
  WrongState: [status.FAILED_PRECONDITION, 409],
  StaleClaim: [status.ABORTED, 409],
  LimitExceeded: [status.RESOURCE_EXHAUSTED, 429],
  Unavailable: [status.UNAVAILABLE, 503],
  Timeout: [status.DEADLINE_EXCEEDED, 504],
  Cancelled: [status.CANCELLED, 499],
  Unimplemented: [status.UNIMPLEMENTED, 501],
  Internal: [status.INTERNAL, 500],
} as const;

describe("error table", () => {
  it("knows every code at both doors", () => {
    expect(Object.keys(table).sort()).toEqual([...errorCodes].sort());
    for (const code of errorCodes) expect([grpcStatusOf(code), httpStatusOf(code)]).toEqual(table[code]);
  });

  it("describes a refusal as a problem with the contract's members", () => {
    const error = new DomainError("InvalidInput", "queue: must not be blank", { field: "queue" });
    expect(toHttpProblem(error, "request-1")).toEqual({
      type: "https://flovyn.dev/problems/invalid-input",
      title: "Invalid input",
      status: 400,
      detail: "queue: must not be blank",
      instance: "request-1",
      error: "queue: must not be blank",
      code: "InvalidInput",
      field: "queue",
      retryable: false,
    });
  });

  it("tells nothing of an unexpected error", () => {
    const problem = toHttpProblem(toDomainError(new Error("select secret from worker_token")), "request-1");
    expect(JSON.stringify(problem)).not.toContain("secret");
    expect(problem).toMatchObject({ status: 500, detail: "internal error" });
  });
});
