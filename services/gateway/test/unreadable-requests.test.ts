// Goal: what is no request of HTTP is answered as a problem like every other, and says nothing of the inside.
// Approach: bytes on a socket, since no client would send them.
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GatewayHarness, org, testConfig, userKey } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";

let harness: GatewayHarness;

beforeAll(async () => {
  harness = await GatewayHarness.start(testConfig());
  answerOrgs(harness.services);
});

afterAll(() => harness.stop());

/** Sends text on a connection of its own and returns what comes until it is closed. */
function send(text: string): Promise<string> {
  const { hostname: host, port } = new URL(harness.url(""));
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect({ host, port: Number(port) }, () => socket.write(text));
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

  it("is said once after the answer of the request before it", async () => {
    const request = `GET /api/orgs/${org.slug}/nothing HTTP/1.1\r\n${host}\r\nAuthorization: Bearer ${userKey}\r\n\r\n`;
    const answers = await send(`${request}NONSENSE\r\n\r\n`);
    const statuses = [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses.length).toBeLessThanOrEqual(2);
    expect(statuses.at(-1)).toBe("400");
  });
});
