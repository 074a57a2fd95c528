// Goal: what is no request of HTTP is answered as a problem like every other, and says nothing of the inside.
// Approach: bytes on a socket, since no client would send them.
import { connect } from "node:net";
import { WorkflowView } from "@flovyn/proto/internal";
import { waitFor } from "@flovyn/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConnectionLimit } from "../src/connections/connection-limit.js";
import { HttpServer } from "../src/http/http-server.js";
import { GatewayHarness, org, testConfig, userKey } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";
import { silentLog } from "./silent-log.js";
import { testBudgets } from "./test-budgets.js";

const id = "0190a5c0-0000-7000-8000-0000000000a0";

let harness: GatewayHarness;

beforeAll(async () => {
  harness = await GatewayHarness.start(testConfig());
  answerOrgs(harness.services);
});

afterAll(() => harness.stop());

/** Sends text on a connection of its own and returns what comes until it is closed. */
function send(text: string, { port = harness.gateway.ports.http, end = false } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: end }, () => {
      if (end) socket.end(text);
      else socket.write(text);
    });
    socket.on("data", (data) => {
      received += data.toString();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(received));
  });
}

function parse(answer: string) {
  const [head = "", body = ""] = answer.split("\r\n\r\n");
  const [statusLine = "", ...lines] = head.split("\r\n");
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)]),
  );
  return { status: Number(statusLine.split(" ")[1]), headers, body };
}

const host = "Host: localhost";
const last = "Connection: close\r\n\r\n";

describe("what is no request", () => {
  it.each([
    ["no request line", "NONSENSE\r\n\r\n", 400, "BadRequest"],
    ["a version of HTTP that there is not", `GET / HTTP/9.9\r\n${host}\r\n${last}`, 400, "BadRequest"],
    ["a header without a colon", `GET / HTTP/1.1\r\n${host}\r\nno colon\r\n${last}`, 400, "BadRequest"],
    ["a target of another scheme", `GET ftp://a/ HTTP/1.1\r\n${host}\r\n${last}`, 400, "BadRequest"],
    ["no host", `GET /health HTTP/1.1\r\n${last}`, 400, "BadRequest"],
    ["a host that is none", `GET /health HTTP/1.1\r\nHost: a b/c@d\r\n${last}`, 400, "BadRequest"],
    ["a target that is none", `OPTIONS * HTTP/1.1\r\n${host}\r\n${last}`, 400, "BadRequest"],
    [
      "headers beyond the limit",
      `GET / HTTP/1.1\r\n${host}\r\nX-Long: ${"x".repeat(40_000)}\r\n${last}`,
      431,
      "HeadersTooLarge",
    ],
    ["a target beyond the limit", `GET /${"x".repeat(40_000)} HTTP/1.1\r\n${host}\r\n${last}`, 431, "HeadersTooLarge"],
    [
      "an expectation that is not known",
      `GET /health HTTP/1.1\r\n${host}\r\nExpect: cookies\r\n${last}`,
      417,
      "ExpectationFailed",
    ],
  ])("with %s is a problem, and the connection is closed", async (_what, text, status, code) => {
    const answer = parse(await send(text));
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    const problem = JSON.parse(answer.body);
    expect(problem).toMatchObject({ status, code, retryable: false, instance: answer.headers.get("x-request-id") });
    expect(Object.keys(problem)).toEqual(expect.arrayContaining(["type", "title", "detail", "error"]));
    expect(answer.body).not.toMatch(/HPE_|node:|\bat |Parse Error/);
  });

  it("that ends in the middle of its head is a problem", async () => {
    const answer = parse(await send(`GET /_/health HTTP/1.1\r\n${host}\r\nX: `, { end: true }));
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([400, "BadRequest"]);
  });

  it("asks for a tunnel is a problem", async () => {
    const answer = parse(await send(`CONNECT db.internal:5432 HTTP/1.1\r\nHost: db.internal:5432\r\n\r\n`));
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([501, "Unimplemented"]);
  });

  it("is answered although more of it comes than is read", async () => {
    const answer = parse(
      await send(`GET / HTTP/1.1\r\n${host}\r\n${`X-Long: ${"x".repeat(8000)}\r\n`.repeat(500)}\r\n`),
    );
    expect(answer.status).toBe(431);
  });

  it("is answered after the requests before it, each once and whole", async () => {
    let answerNow = () => {};
    harness.services.answer("internal/GetWorkflow", async () => {
      await new Promise<void>((resolve) => (answerNow = resolve));
      return WorkflowView.encode(WorkflowView.fromPartial({ id, kind: "k", status: "RUNNING" })).finish();
    });
    const path = `/api/orgs/${org.slug}/workflow-executions/${id}`;
    const request = `GET ${path} HTTP/1.1\r\n${host}\r\nAuthorization: Bearer ${userKey}\r\n\r\n`;
    const before = harness.services.of("internal/GetWorkflow").length;
    const answers = send(`${request}NONSENSE\r\n\r\n`);
    await waitFor("the service to be asked", () => harness.services.of("internal/GetWorkflow").length > before);
    answerNow();
    const statuses = [...(await answers).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses).toEqual(["200", "400"]);
    expect(await answers).toContain('"kind":"k"');
  });

  it("within the body of a request is answered in place of it, and no service is asked", async () => {
    const head = `POST /api/orgs/${org.slug}/workflow-executions HTTP/1.1\r\n${host}\r\nAuthorization: Bearer ${userKey}\r\n`;
    const body = 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"kin\r\nNONSENSE\r\n';
    const answers = await send(head + body);
    const statuses = [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses).toEqual(["400"]);
    expect(harness.services.requests.map(({ operation }) => operation)).not.toContain(
      "flovyn.v1.WorkflowDispatch/StartWorkflow",
    );
  });
});

describe("a server by itself", () => {
  async function serve(fetch: () => Response | Promise<Response>, times = {}, log = silentLog) {
    const server = new HttpServer({ fetch, connections: new ConnectionLimit(testBudgets().connections), log, times });
    const port = await server.start({ address: "127.0.0.1", port: 0 });
    return { port, stop: () => server.stop() };
  }

  it.each([
    ["head", `GET / HTTP/1.1\r\n${host}\r\nX: `],
    ["body", `POST / HTTP/1.1\r\n${host}\r\nContent-Length: 10\r\n\r\nab`],
  ])("answers a %s that is not sent in time with a problem", async (_part, text) => {
    const times = { headersTimeout: 100, requestTimeout: 100, connectionsCheckingInterval: 20 };
    const { port, stop } = await serve(() => new Promise<Response>(() => {}), times);
    const answer = parse(await send(text, { port }));
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([408, "RequestTimeout"]);
    await stop();
  });

  it("answers a fault that no route has answered with a problem that says nothing of it, and logs it", async () => {
    const logged: object[] = [];
    const log = { ...silentLog, error: (fields: object) => logged.push(fields) } as unknown as typeof silentLog;
    const { port, stop } = await serve(() => Promise.reject(new Error("select secret")), {}, log);
    const answer = parse(await send(`GET / HTTP/1.1\r\n${host}\r\n\r\n`, { port }));
    expect(JSON.parse(answer.body)).toMatchObject({ status: 500, code: "Internal", detail: "internal error" });
    expect(answer.body).not.toContain("secret");
    expect(logged).toMatchObject([{ err: new Error("select secret"), requestId: answer.headers.get("x-request-id") }]);
    await stop();
  });
});
