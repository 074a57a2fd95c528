// Goal: a caller reads of a failure what it asked for itself, never what services ask one another.
// Approach: every RPC and every route, while each way in which a request between services fails befalls whatever is asked.
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Bus, BusRequest } from "@flovyn/bus";
import { routeRequests } from "@flovyn/runtime";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeWorkerToken } from "../src/auth/worker-token-text.js";
import { routes as grpcRoutes } from "../src/grpc/routes.js";
import { callAnyShape, GatewayHarness, org, testConfig, userKey, workerKey } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";
import { concretePath, type DescribedRoute, describedRoutes } from "./openapi-routes.js";

const operatorKey = "flovyn_operator_test_1";
/** No answer to a caller depends on these: the gateway asks them by itself, or polls go on when they fail. */
const unheard = [
  ...["CheckWorkerTokens", "RecordAudit", "WorkersSeen", "WorkerKinds"],
  ...["ClaimTasks", "ClaimWorkflows", "ReleaseTasks", "ReleaseWorkflows"],
];

let harness: GatewayHarness;
let routes: DescribedRoute[];
/** What becomes of a request to a service. */
let change: (request: BusRequest) => BusRequest;
let orgsAreKnown = true;
/** Names of operations that were asked because a caller called. */
const asked = new Set<string>();
const innerWords = ["dispatch", "timers", "broker", "NATS", "replica"];
const innerParts = ["internal/", "flovyn.rpc", "_INBOX"];

beforeAll(async () => {
  const key = (text: string, type: string, more: object) => ({
    ...{ key: text, principal_type: type, principal_id: `${type}:test` },
    ...more,
  });
  const keys = [
    key(operatorKey, "User", { role: "OPERATOR" }),
    key(userKey, "User", { role: "OWNER", org_id: org.id }),
    key(workerKey, "Worker", { org_id: org.id }),
  ];
  const worker_token = { secrets: [{ id: "a", secret: "a secret of this test, of 32 bytes and more" }] };
  harness = await GatewayHarness.start(testConfig({ auth: { enabled: true, static_api_key: { keys }, worker_token } }));
  answerOrgs(harness.services);
  routes = await describedRoutes(harness);
  const { bus } = harness.services;
  // None of its handlers exists: what a service answers that is older than the gateway.
  await bus.serve("timers", routeRequests(new Map()));
  const ask = bus.request.bind(bus);
  const failing: Bus["request"] = (request) => {
    const name = request.operation.slice(request.operation.lastIndexOf("/") + 1);
    if (unheard.includes(name) || (name === "ResolveOrg" && orgsAreKnown)) return ask(request);
    if (request.operation.startsWith("internal/")) asked.add(name);
    return ask(change(request));
  };
  Object.assign(bus, { request: failing });
});

afterAll(() => harness.stop());

const oversized = new Uint8Array(17 * 1024 * 1024);
const failures: [string, string, (request: BusRequest) => BusRequest][] = [
  ["no answer comes in time", "got no answer within", (request) => ({ ...request, timeoutMs: 0 })],
  ["no replica runs", "is running", (request) => ({ ...request, service: "away" as BusRequest["service"] })],
  ["a request is too large", "larger than the limit", (request) => ({ ...request, payload: oversized })],
  ["the service does not know it yet", "not implemented", (request) => ({ ...request, service: "timers" })],
];

/** The path of a call may hold a word that names an operation, too. */
function expectPublic(path: string, text: string): void {
  const rest = text.replaceAll(path, "").replace(path.slice(path.lastIndexOf("/") + 1), "");
  const words = [...innerWords, ...asked].filter((word) => new RegExp(`(?<![A-Za-z])${word}(?![A-Za-z])`).test(rest));
  const parts = innerParts.filter((part) => rest.includes(part));
  expect([path, text, words, parts]).toEqual([path, text, [], []]);
}

it.each(failures)("no text that a caller gets names what services ask one another while %s", async (...failure) => {
  const [, said, changed] = failure;
  change = changed;
  asked.clear();
  const texts = [...(await textsOverGrpc()), ...(await textsOverHttp())];
  for (const [path, text] of texts) expectPublic(path, text);
  expect(texts.some(([, text]) => text.includes(said))).toBe(true);
  expect([...asked, ...unheard].sort()).toEqual(operationsOfTheSource());
});

type PathAndText = [path: string, text: string];

async function textsOverGrpc(): Promise<PathAndText[]> {
  const client = harness.client();
  const texts: PathAndText[] = [];
  for (const { path, shape, handling } of grpcRoutes.filter(({ handling }) => handling.type !== "notifications")) {
    const rpc = {
      path: `/${path}`,
      requestStream: shape === "client-stream" || shape === "bidi",
      responseStream: shape === "server-stream" || shape === "bidi",
    };
    for (const key of [workerKey, makeWorkerToken()]) {
      // Histories are asked for again and again while there is time.
      const deadlineMs = handling.type === "history" ? 500 : 60_000;
      const { error } = await callAnyShape(client, rpc, { key, deadlineMs });
      if (error !== undefined) texts.push([path, error.details]);
    }
  }
  return texts;
}

async function textsOverHttp(): Promise<PathAndText[]> {
  const texts: PathAndText[] = [];
  const send = async (path: string, method: string, key: string) => {
    const body = method === "POST" ? bodyOf(path) : undefined;
    const response = await harness.fetch(path, { method, key, ...(body !== undefined && { body }) });
    const text = await response.text();
    if (response.status >= 400) texts.push([path, text]);
  };
  for (const { method, path } of routes) {
    for (const key of [userKey, operatorKey]) await send(concretePath(path), method, key);
  }
  orgsAreKnown = false;
  // A slug that is not remembered yet.
  await send(`/api/orgs/${randomUUID()}x`, "GET", operatorKey);
  orgsAreKnown = true;
  return texts;
}

/** What the gateway asks of services, by its source. */
function operationsOfTheSource(): string[] {
  const folder = fileURLToPath(new URL("../src", import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  const named = files
    .filter((name) => !name.endsWith(".test.ts"))
    .flatMap((name) => readFileSync(`${folder}/${name}`, "utf8").match(/(?<="internal\/)[A-Z]\w+(?=")/g) ?? []);
  return [...new Set(named)].sort();
}

/** What a route needs so that it passes the gateway and a service is asked, by the last part of its path. */
const bodies: Readonly<Record<string, object>> = {
  orgs: { name: "New", slug: "new", tier: "FREE", region: null },
  tenants: { name: "New", slug: "new", tier: "FREE", region: null },
  "workflow-executions": { kind: "k" },
  "task-executions": { kind: "k" },
  "signal-with-start": { workflowKind: "k", workflowId: "key", signalName: "s" },
  signal: { signalName: "s" },
  query: { queryName: "q" },
  "worker-tokens": { displayName: "n" },
  tokens: { displayName: "n" },
  reject: { error: "e" },
};

function bodyOf(path: string): string {
  return JSON.stringify(bodies[path.slice(path.lastIndexOf("/") + 1)] ?? {});
}
