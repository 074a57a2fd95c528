// Goal: no secret reaches a log line, by whatever field or text it comes, and an error keeps its chain of causes.
import { DomainError } from "@flovyn/domain";
import { describe, expect, it } from "vitest";
import { createLogger, type Logger } from "./logger.js";

function logged(write: (log: Logger) => void, options: { pretty?: boolean; level?: string } = {}): string[] {
  const lines: string[] = [];
  const log = createLogger({
    service: "gateway",
    level: options.level ?? "info",
    pretty: options.pretty ?? false,
    destination: { write: (line) => lines.push(line) },
  });
  write(log);
  return lines;
}

const secret = "s3cr3t-value";

describe("logger", () => {
  it("writes fields first and a fixed message, one JSON object a line", () => {
    const [line = ""] = logged((log) => log.child({ component: "grpc" }).info({ port: 9090 }, "gateway listens"));
    expect(line.endsWith("}\n")).toBe(true);
    expect(JSON.parse(line)).toEqual({
      level: "info",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      service: "gateway",
      component: "grpc",
      port: 9090,
      msg: "gateway listens",
    });
  });

  it("leaves out what is below its level", () => {
    expect(logged((log) => log.info("hello"), { level: "warn" })).toEqual([]);
  });

  it.each([
    ["a field", (log: Logger) => log.info({ token: secret }, "x")],
    ["a field of any spelling", (log: Logger) => log.info({ "X-API-Key": secret, worker_token: secret }, "x")],
    ["a header", (log: Logger) => log.info({ request: { headers: { Authorization: secret } } }, "x")],
    ["a deep field", (log: Logger) => log.info({ a: { b: [{ c: { clientSecret: secret } }] } }, "x")],
    ["a child", (log: Logger) => log.child({ password: secret }).info("x")],
    ["a configured key", (log: Logger) => log.info({ keys: [{ key: secret, orgId: "o" }] }, "x")],
    [
      "an error's context",
      (log: Logger) => log.error({ err: new DomainError("Internal", "no", { context: { apiKey: secret } }) }, "x"),
    ],
    [
      "an error's text",
      (log: Logger) => log.error({ err: new Error(`cannot reach postgres://flovyn:${secret}@db:5432/flovyn`) }, "x"),
    ],
    [
      "a cause's text",
      (log: Logger) => log.error({ err: new Error("no", { cause: new Error(`sent Bearer ${secret}`) }) }, "x"),
    ],
    ["an error without a message", (log: Logger) => log.error(new Error(`unknown key flovyn_sk_${secret}`))],
    [
      "a promise token in a text and its header",
      (log: Logger) => log.warn({ headers: { "Flovyn-Promise-Token": secret } }, `refused fpt_k1.${secret}.${secret}`),
    ],
    ["secrets of promise tokens", (log: Logger) => log.info({ secrets: [{ id: "k1", secret }] }, "x")],
    ["an address with a token", (log: Logger) => log.info({ url: `nats://${secret}@broker:4222` }, "x")],
    ["the message", (log: Logger) => log.info(`connects to nats://user:${secret}@broker:4222`)],
  ])("hides a secret in %s", (_where, write) => {
    for (const pretty of [false, true]) {
      const text = logged(write, { pretty }).join("");
      expect(text).not.toContain(secret);
      expect(text).toMatch(/\[redacted\]|\*\*\*/);
    }
  });

  it("keeps what only looks like a secret", () => {
    const fields = { keys: 3, tokens: 2, url: "http://localhost:8000/a@b", stateKey: "cart", monkey: "see", token: "" };
    const [line = ""] = logged((log) => log.info(fields, "x"));
    expect(JSON.parse(line)).toMatchObject(fields);
  });

  it("does not change the objects it is given", () => {
    const fields = { auth: { token: secret } };
    logged((log) => log.info(fields, "x"));
    expect(fields.auth.token).toBe(secret);
  });

  it("writes the whole chain of causes, codes and context included", () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED ::1:5432"), { code: "ECONNREFUSED" });
    const cause = new AggregateError([refused], "");
    const err = new DomainError("Unavailable", "the database cannot be reached", {
      cause,
      context: { operation: "start" },
    });
    const [line = ""] = logged((log) => log.warn({ err }, "request failed"));
    expect(JSON.parse(line).err).toMatchObject({
      type: "DomainError",
      code: "Unavailable",
      context: { operation: "start" },
      cause: { type: "AggregateError", errors: [{ code: "ECONNREFUSED", message: "connect ECONNREFUSED ::1:5432" }] },
    });
  });

  it("ends a chain of causes that goes in a circle", () => {
    const err = new Error("first");
    err.cause = new Error("second", { cause: err });
    const [line = ""] = logged((log) => log.error({ err }, "x"));
    expect(line.length).toBeLessThan(50_000);
  });

  it("logs a thrown value that is no error", () => {
    const [line = ""] = logged((log) => log.error({ err: "just text" }, "x"));
    expect(JSON.parse(line).err).toBe("just text");
  });

  it("writes for a person one line, and errors with their causes below it", () => {
    const cause = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    cause.stack = "Error: refused\n    at connect (net.js:1)";
    const err = new Error("no database", { cause });
    err.stack = "Error: no database";
    const [first = "", second = ""] = logged(
      (log) => {
        log.child({ component: "tasks" }).info({ claimed: 12, queue: "a b" }, "tasks claimed");
        log.error({ err }, "sweep failed");
      },
      { pretty: true },
    );
    expect(first.slice(13)).toBe('info  gateway/tasks  tasks claimed  claimed=12 queue="a b"\n');
    expect(second.slice(13).split("\n")).toEqual([
      "error gateway  sweep failed",
      "    Error: no database",
      "    caused by: Error: refused (ECONNREFUSED)",
      "      at connect (net.js:1)",
      "",
    ]);
  });
});
