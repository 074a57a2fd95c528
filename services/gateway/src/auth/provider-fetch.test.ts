// Goal: a provider that sends too much, too slowly or something else costs this gateway little, and no token is believed.
// Approach: a server on a socket that misbehaves in one way each, asked for a description and for keys.
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { createLogger, loadConfig } from "@flovyn/runtime";
import { waitFor } from "@flovyn/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { IdentityProvider, makeKey } from "../../test/identity-provider.js";
import { silentLog } from "../../test/silent-log.js";
import { testBudgets } from "../../test/test-budgets.js";
import { createJwtAuthenticator } from "./jwt.js";
import { fetchFromProvider, providerBodyBytesMax } from "./provider-fetch.js";

const { key_checks: checks } = testBudgets();

let server: Server;
let base: string;
let respond: (response: ServerResponse) => void;
let requests: string[] = [];
let sentBytes = 0;
let open = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request.url ?? "");
    open += 1;
    response.once("close", () => {
      open -= 1;
    });
    respond(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

beforeEach(() => {
  [requests, sentBytes] = [[], 0];
});

function expectLittleSent(): void {
  // What fits into the buffers of sockets comes on top.
  expect(sentBytes).toBeLessThan(providerBodyBytesMax + 32 * 1024 * 1024);
}

const chunk = Buffer.alloc(64 * 1024, " ");

/** Sends blanks, which JSON skips, until the other end has enough. */
function sendForever(response: ServerResponse): void {
  response.once("close", () => response.destroy());
  const more = () => {
    while (!response.destroyed && response.write(chunk)) sentBytes += chunk.byteLength;
    if (!response.destroyed) response.once("drain", more);
  };
  more();
}

const answers: [string, string, (response: ServerResponse) => void][] = [
  ["a body without an end", `sent more than ${providerBodyBytesMax} bytes`, sendForever],
  [
    "a body that says that it is long",
    `sent more than ${providerBodyBytesMax} bytes`,
    (response) => sendForever(response.writeHead(200, { "content-length": String(400 * 1024 * 1024) })),
  ],
  [
    "a body that unpacks to more than it is",
    `sent more than ${providerBodyBytesMax} bytes`,
    (response) => response.setHeader("content-encoding", "gzip").end(gzipSync(Buffer.alloc(64 * 1024 * 1024))),
  ],
  ["a redirect", "answered with status 302", (response) => response.writeHead(302, { location: "/else" }).end()],
  ["an error", "answered with status 503", (response) => response.writeHead(503).end("no")],
  ["an empty answer", "answered with status 204", (response) => response.writeHead(204).end()],
  ["the end of the connection", "UND_ERR_SOCKET", (response) => response.destroy()],
];

describe("a provider that answers with", () => {
  it.each(answers)("%s is read no further", async (_name, problem, answer) => {
    respond = answer;
    await expect(fetchFromProvider(base)).rejects.toMatchObject({ name: "KeysOutOfReachError", problem });
    await waitFor("the connection to end", () => open === 0);
    expectLittleSent();
    expect(requests).toEqual(["/"]);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ["nothing", () => {}],
    ["half a body", (response) => response.write("{")],
  ])("%s is given up when its time is over", async (_name, answer) => {
    respond = answer;
    const end = fetchFromProvider(base, AbortSignal.timeout(50));
    await expect(end).rejects.toMatchObject({ problem: "gave no whole answer in time" });
    await waitFor("the connection to end", () => open === 0);
  });

  it("as much as is allowed is read", async () => {
    respond = (response) => response.end(Buffer.alloc(providerBodyBytesMax, " "));
    expect((await fetchFromProvider(base)).byteLength).toBe(providerBodyBytesMax);
  });
});

function authenticatorAt(change: Record<string, unknown>, log = silentLog) {
  const jwt = { issuer: base, audience: "flovyn", ...change };
  const config = loadConfig({ env: {}, overrides: { auth: { jwt } } }).auth.jwt ?? expect.fail();
  const made = createJwtAuthenticator({ config, findOrg: async () => "org", log, now: () => Date.now(), checks });
  return { authenticate: (token: string) => made.authenticate(token, "::1") };
}

describe("a token", () => {
  const places: [string, () => Record<string, unknown>][] = [
    ["a description", () => ({})],
    ["keys", () => ({ jwks_uri: `${base}/keys` })],
  ];
  const notJson: typeof answers = [
    ["no JSON", "", (response) => response.end("<html>")],
    ["JSON of another kind", "", (response) => response.end("[]")],
    ["null", "", (response) => response.end("null")],
  ];
  const cases = places.flatMap(([place, config]) =>
    [...answers, ...notJson].map((one) => [place, config, ...one] as const),
  );

  it.each(cases)("is not believed while the provider has for %s %s", async (...[, config, , , answer]) => {
    respond = answer;
    const key = await makeKey("k", "EdDSA");
    const provider = Object.assign(new IdentityProvider(), { issuer: base });
    const jwt = authenticatorAt(config());
    const end = Promise.resolve(jwt.authenticate(await provider.sign(key, { org_id: "acme" })));
    await expect(end).rejects.toMatchObject({ code: "Unavailable", reason: "KEYS_OUT_OF_REACH" });
    expectLittleSent();
  });
});

describe("the log", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["performance", "Date"], now: 1_800_000_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("has one line a minute for each problem of the provider, with a count and without a stack", async () => {
    const lines: Record<string, unknown>[] = [];
    const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
    const log = createLogger({ service: "gateway", level: "info", destination });
    const key = await makeKey("k", "EdDSA");
    const provider = Object.assign(new IdentityProvider(), { issuer: base });
    const jwt = authenticatorAt({ jwks_uri: `${base}/keys` }, log);
    const call = async (n: number) => {
      const token = await provider.sign(key, { sub: `caller-${n}` });
      await expect(Promise.resolve(jwt.authenticate(token))).rejects.toMatchObject({ code: "Unavailable" });
    };
    respond = (response) => response.destroy();
    for (let n = 0; n < 300; n++) await call(n);
    expect(lines).toEqual([expect.objectContaining({ level: "warn", problem: "UND_ERR_SOCKET" })]);
    vi.advanceTimersByTime(30_000);
    respond = (response) => response.writeHead(503).end();
    for (let n = 0; n < 300; n++) await call(n);
    vi.advanceTimersByTime(30_000);
    respond = (response) => response.destroy();
    await call(0);
    expect(lines.map(({ problem, suppressed }) => [problem, suppressed])).toEqual([
      ["UND_ERR_SOCKET", undefined],
      ["answered with status 503", undefined],
      ["UND_ERR_SOCKET", 299],
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/stack|node:internal/);
  });
});
