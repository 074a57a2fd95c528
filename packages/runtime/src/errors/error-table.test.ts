import { createInProcessBus } from "@flovyn/bus";
import { DomainError, errorCodes } from "@flovyn/domain";
import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { grpcDetails, grpcStatusOf, toDomainError } from "./grpc-status.js";
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

  it("gives every code a type and a title of its own", () => {
    const problems = errorCodes.map((code) => toHttpProblem(new DomainError(code, "text"), "request-1"));
    expect(new Set(problems.map(({ type }) => type)).size).toBe(errorCodes.length);
    for (const { type, title } of problems) {
      expect(type).toMatch(/^https:\/\/flovyn\.dev\/problems\/[a-z]+(-[a-z]+)*$/);
      expect(title).toMatch(/^[A-Z][a-z]+( [a-z]+)*$/);
    }
  });

  it.each(errorCodes)("carries %s over the bus as it is", async (code) => {
    const bus = createInProcessBus({ log: { debug() {}, info() {}, warn() {}, error() {} } });
    const sent = new DomainError(code, "queue: text", { reason: "REASON", field: "queue", context: { secret: 1 } });
    await bus.serve("tasks", () => Promise.reject(sent));
    const got = await bus
      .request({
        service: "tasks",
        operation: "flovyn.v1.TaskExecution/PollTask",
        caller: { orgId: "org", principalType: "User", principalId: "user" },
        requestId: "request-1",
        traceparent: "",
        payload: new Uint8Array(),
        timeoutMs: 5_000,
      })
      .catch((error: unknown) => error);
    await bus.drain();
    expect(got).toMatchObject({ code, message: "queue: text", reason: "REASON", field: "queue", context: {} });
  });
});

describe("grpc details", () => {
  it("keeps ordinary text", () => {
    expect(grpcDetails("queue: must not be blank – ünïcode 🙂")).toBe("queue: must not be blank – ünïcode 🙂");
  });

  it("has no words that existing workers take for a broken connection", () => {
    const text = grpcDetails("kind: UNAVAILABLE, Unknown transport error, h2 protocol error, Connection refused");
    expect(text).toBe("kind: unavailable, Unknown transport-error, h2-protocol error, Connection-refused");
  });

  it("can be encoded and fits a header", () => {
    expect(encodeURI(grpcDetails("\ud83d half"))).toContain("half");
    const long = grpcDetails(`${"🙂".repeat(5_000)}`);
    expect(long.length).toBeLessThanOrEqual(2_048);
    expect(() => encodeURI(long)).not.toThrow();
  });
});
