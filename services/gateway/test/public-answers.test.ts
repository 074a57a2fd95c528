/**
 * Goal: who needs no key cannot leave any number of answers unread, nor leave them so for long. Approach: sockets that send
 * requests and read nothing, until what both ends take of a connection is full.
 */
import { connect, type Socket } from "node:net";
import { waitFor } from "@flovyn/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { answerTimeMs } from "../src/budgets/answer-time.js";
import { GatewayHarness, testConfig, userKey } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";

const asset = "/api/docs/assets/swagger-ui-bundle.js";
let harness: GatewayHarness;
const sockets: Socket[] = [];

afterEach(async () => {
  vi.useRealTimers();
  for (const socket of sockets.splice(0)) socket.destroy();
  await harness.stop();
});

async function start(address: number): Promise<void> {
  harness = await GatewayHarness.start(testConfig({ limits: { budgets: { public_answer_bytes: { address } } } }));
}

/** A connection that reads nothing. */
async function deaf(): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port: harness.gateway.ports.http });
  sockets.push(socket);
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.pause();
  return socket;
}

const get = (path: string, key = "") =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${key && `Authorization: Bearer ${key}\r\n`}\r\n`;
const status = async () => {
  const response = await harness.fetch(asset, { key: "" });
  return { status: response.status, headers: response.headers, text: await response.text() };
};

async function figure(name: string): Promise<number> {
  return Number(new RegExp(`^${name}\\S* (\\d+)$`, "m").exec(await harness.figures())?.[1]);
}

const unread = () => figure('flovyn_gateway_budget_used\\{budget="public_answer_bytes"');
const connections = () => figure("flovyn_gateway_http_connections");

describe("answers to callers without a key that are not read", () => {
  it("count for their address, which gets no more of them until they are gone", async () => {
    // One of the asset, and not two.
    await start(2_000_000);
    expect((await status()).status).toBe(200);
    const socket = await deaf();
    await waitFor("no room", async () => {
      socket.write(get(asset).repeat(10));
      return (await status()).status === 429;
    });
    const refused = await status();
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(refused.headers.get("content-type")).toBe("application/problem+json");
    expect(JSON.parse(refused.text)).toMatchObject({
      reason: "BUDGET_EXCEEDED",
      detail: "public_answer_bytes: one address may hold 2000000 bytes at the moment; try again in 500 ms",
    });
    // What says whether the gateway is alive is small.
    expect((await harness.fetch("/_/health", { key: "" })).status).toBe(200);
    socket.destroy();
    await waitFor("room", async () => (await status()).status === 200);
    await waitFor("all of it to be given back", async () => (await unread()) === 0);
  });

  it.each([
    ["files of the API page", asset, 20, ""],
    ["problems", `/${"x".repeat(10_000)}`, 2000, ""],
    ["problems of a caller that is known", `/api/orgs/acme/${"x".repeat(10_000)}`, 2000, userKey],
  ])("end their connection when time is up: %s", async (_what, path, count, key) => {
    // Goes on as real time does, and is moved besides.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true });
    await start(0);
    answerOrgs(harness.services);
    const socket = await deaf();
    await waitFor("the connection to be there", async () => (await connections()) === 1);
    socket.write(get(path, key).repeat(count));
    // Node.js closes it, too, after 15 s in which no whole request came: long after so many turns of this process.
    for (let turn = 0; turn < 5000 && (await connections()) > 0; turn++) {
      await vi.advanceTimersByTimeAsync(answerTimeMs(10_000_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await connections()).toBe(0);
  });
});
