// Goal: a request that says twice who calls, or for whom, is believed neither way.
// Approach: each header that counts, sent again, with the same value and with another, before and behind the right one; raw
// bytes over HTTP, raw frames over gRPC, since libraries for clients would not send them.
import { connect } from "node:net";
import { RecordAuditRequest } from "@flovyn/proto/internal";
import { waitFor } from "@flovyn/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { repeatedHeader } from "../src/connections/repeated-headers.js";
import { GatewayHarness, otherKey, userKey, workerKey } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";
import { callWithHeaders } from "./raw-http2.js";

let harness: GatewayHarness;
const operation = "flovyn.v1.TaskExecution/GetStateKeys";

beforeAll(async () => {
  harness = await GatewayHarness.start();
  answerOrgs(harness.services);
  harness.services.answer(operation, new Uint8Array(0));
});

afterAll(() => harness.stop());

beforeEach(() => {
  harness.services.requests.length = 0;
});

const askedFor = () => harness.services.requests.filter(({ operation }) => operation !== "internal/RecordAudit");

/** The head of a GET, as it goes over the wire; the status line of its answer, and its body. */
function send(headers: readonly [string, string][]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port: harness.gateway.ports.http });
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    socket.write(`GET /api/orgs/acme/workflow-executions HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`);
    let answer = "";
    socket.on("data", (bytes) => {
      answer += bytes.toString();
    });
    socket.on("end", () => resolve(answer));
    socket.on("error", reject);
  });
}

const overHttp: [string, string, string][] = [
  ["authorization", `Bearer ${userKey}`, `Bearer ${otherKey}`],
  ["host", "localhost", "elsewhere.test"],
  ["flovyn-promise-token", "fpt_a", "fpt_b"],
  ["x-request-id", "one", "two"],
  ["content-type", "application/json", "text/plain"],
  ["content-length", "0", "1"],
];

describe("over HTTP", () => {
  const usual: [string, string][] = [
    ["Host", "localhost"],
    ["Authorization", `Bearer ${userKey}`],
  ];

  it("a request that says everything once is passed on", async () => {
    await send(usual);
    expect(askedFor().map(({ operation }) => operation)).toContain("internal/ListWorkflows");
  });

  it.each(overHttp)(
    "%s that is sent twice is refused with 400, and no service is asked",
    async (name, value, other) => {
      const rest = usual.filter(([known]) => known.toLowerCase() !== name);
      for (const values of [
        [value, value],
        [value, other],
        [other, value],
        ["", value],
      ]) {
        for (const spelt of [name, name.toUpperCase()]) {
          const again: [string, string][] = [[name, values[0] ?? ""], ...rest, [spelt, values[1] ?? ""]];
          const answer = await send(again);
          expect([spelt, values, answer.slice(0, 13)]).toEqual([spelt, values, "HTTP/1.1 400 "]);
        }
      }
      expect(askedFor()).toEqual([]);
    },
  );
});

const overGrpc: [string, string, string][] = [
  ["authorization", `Bearer ${workerKey}`, `Bearer ${otherKey}`],
  ["host", "localhost", "elsewhere.test"],
  [":authority", "localhost", "elsewhere.test"],
  ["x-request-id", "one", "two"],
  ["flovyn-claim-epoch", "1", "2"],
  ["grpc-timeout", "10S", "20S"],
  ["content-type", "application/grpc", "text/plain"],
  ["content-length", "5", "6"],
];

describe("over gRPC", () => {
  const usual: [string, string][] = [
    [":method", "POST"],
    [":path", `/${operation}`],
    [":scheme", "http"],
    [":authority", "localhost"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
    ["authorization", `Bearer ${workerKey}`],
  ];
  const call = (headers: [string, string][]) => callWithHeaders(harness.gateway.ports.grpc, headers);

  it("a call that says everything once is passed on", async () => {
    await call(usual);
    expect(askedFor().map(({ operation }) => operation)).toEqual([operation]);
  });

  it.each(overGrpc)("%s that is sent twice is refused, and no service is asked", async (name, value, other) => {
    for (const [one, two] of [
      [value, value],
      [value, other],
      [other, value],
      ["", value],
    ] as const) {
      // Pseudo-headers come first.
      const rest = usual.filter(([known]) => known !== name);
      const [pseudo, plain] = [rest.filter(([known]) => known[0] === ":"), rest.filter(([known]) => known[0] !== ":")];
      const first: [string, string][] = [[name, one]];
      const second: [string, string][] = [[name, two]];
      if (name.startsWith(":")) await call([...first, ...pseudo, ...second, ...plain]);
      else await call([...pseudo, ...first, ...plain, ...second]);
    }
    expect(askedFor()).toEqual([]);
  });

  it("a repeated key is answered INVALID_ARGUMENT, also where no key is needed, and is recorded as a denied attempt", async () => {
    // A gateway of its own: only so many denied attempts of one address are recorded in a minute, and the tests above had theirs.
    const fresh = await GatewayHarness.start();
    try {
      fresh.services.answer("internal/RecordAudit", new Uint8Array(0));
      const callFresh = (headers: [string, string][]) => callWithHeaders(fresh.gateway.ports.grpc, headers);
      await callFresh([...usual, ["authorization", `Bearer ${workerKey}`]]);
      const calls = await fresh.metrics.registry.metrics();
      expect(calls).toMatch(/^flovyn_gateway_calls_total\{.*rpc="GetStateKeys",code="INVALID_ARGUMENT".*\} 1$/m);
      const health = usual.map(([name, value]): [string, string] =>
        name === ":path" ? [name, "/grpc.health.v1.Health/Check"] : [name, value],
      );
      await callFresh([...health, ["authorization", `Bearer ${workerKey}`]]);
      const recorded = () =>
        fresh.services.of("internal/RecordAudit").flatMap(({ payload }) => RecordAuditRequest.decode(payload).entries);
      await waitFor("both to be recorded", () => recorded().length >= 2);
      for (const entry of recorded()) {
        expect(entry).toMatchObject({ principalType: "Anonymous", outcome: "denied", reason: "REPEATED_HEADER" });
      }
    } finally {
      await fresh.stop();
    }
  });
});

it("what may come several times is no repetition", () => {
  expect(repeatedHeader(["accept", "a", "Accept", "b", "cookie", "a", "cookie", "b", "host", "a"])).toBeUndefined();
  expect(repeatedHeader(["Flovyn-Any", "a", "accept", "b", "flovyn-any", "c"])).toBe("flovyn-any");
});
