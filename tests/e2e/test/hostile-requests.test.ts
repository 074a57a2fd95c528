/**
 * Goal: nothing that a caller can send breaks a service, is answered by a fault of ours, or brings something internal out.
 * Approach: 10,000 calls over gRPC and 10,000 over HTTP that no client makes, from a seed, with a valid key, at a cluster of
 * processes; then the same cluster runs a workflow. FLOVYN_HOSTILE_SEED gives another run, FLOVYN_HOSTILE_REQUESTS a longer.
 */
import { Agent, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { extensionRpcs, publishedRpcs } from "@flovyn/proto/descriptors";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type HostileCall, hostileCall } from "../src/hostile/grpc-requests.js";
import { type HostileRequest, type HttpRoute, hostileRequest, rawRequests } from "../src/hostile/http-requests.js";
import { inTurns } from "../src/hostile/in-turns.js";
import { Random } from "../src/hostile/random.js";
import { CallError, completed, sumOf } from "../src/index.js";
import { REPLICATED, useCluster } from "./use-cluster.js";
import { activateOnce } from "./wait-for-work.js";

const SEED = Number(process.env.FLOVYN_HOSTILE_SEED ?? 20_261_127);
const REQUESTS = Number(process.env.FLOVYN_HOSTILE_REQUESTS ?? 10_000);
const IN_FLIGHT = 32;
/** What a process may grow by: garbage that is not collected yet, and caches up to their bounds. */
const GROWTH_BYTES_MAX = 200 * 1024 * 1024;
const TIMEOUT_MS = 600_000;
const use = useCluster({ replicas: REPLICATED });
const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });

/** Words of the inside: of stacks, of statements, of the database, of libraries, and keys. */
const internal =
  /\bat \S+ \(|node_modules|\/dist\/|\.ts:\d|\bselect \w|insert into|relation "|syntax error at|pg_|drizzle|ECONN|TypeError|RangeError|DomainError|flovyn_[sw]k_/i;

const clean = new Set<number>([
  status.OK,
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.PERMISSION_DENIED,
  status.UNAUTHENTICATED,
  status.FAILED_PRECONDITION,
  status.RESOURCE_EXHAUSTED,
  status.UNIMPLEMENTED,
  status.ABORTED,
]);
/** Streams stay open when the subscription happens to be valid. */
const streaming = new Set<number>([...clean, status.DEADLINE_EXCEEDED, status.CANCELLED]);

afterAll(() => agent.destroy());

async function memory(): Promise<number[]> {
  const replicas = (["gateway", "dispatch", "tasks", "promises"] as const).flatMap((name) =>
    use.cluster.replicas(name),
  );
  return Promise.all(replicas.map((replica) => sumOf([replica], "process_resident_memory_bytes")));
}

async function expectAllAlive(before: readonly number[]): Promise<void> {
  for (const service of ["gateway", "dispatch", "tasks", "timers", "promises"] as const) {
    for (const replica of use.cluster.replicas(service))
      expect([replica.name, replica.running]).toEqual([replica.name, true]);
  }
  const after = await memory();
  for (const [index, bytes] of after.entries()) expect(bytes - (before[index] ?? 0)).toBeLessThan(GROWTH_BYTES_MAX);
}

async function expectItWorks(queue: string): Promise<void> {
  const client = use.client();
  const { workflowExecutionId } = await client.startWorkflow({ workflowKind: "works", queue });
  await activateOnce(client, queue, completed("1"));
  expect((await use.rest(1).get(`/workflow-executions/${workflowExecutionId}`)).json.status).toBe("COMPLETED");
}

describe(`over gRPC, seed ${SEED}`, () => {
  const rpcs = [...publishedRpcs, ...extensionRpcs];

  async function endOf(call: HostileCall, gateway: number): Promise<{ code: number; text: string }> {
    const { connection } = clients[gateway] as ReturnType<typeof use.client>;
    const { rpc, bytes, metadata } = call;
    try {
      if (rpc.responseStream) {
        for await (const _ of connection.serverStream(rpc.path, bytes, { metadata, deadlineMs: 200 })) break;
      } else if (rpc.requestStream) await connection.clientStream(rpc.path, [bytes], { metadata });
      else await connection.unary(rpc.path, bytes, { metadata });
      return { code: status.OK, text: "" };
    } catch (error) {
      if (error instanceof CallError) return { code: error.code, text: error.details };
      throw error;
    }
  }

  let clients: ReturnType<typeof use.client>[] = [];

  test(
    "every call is answered or refused, and says nothing of the inside",
    async () => {
      clients = [use.client(0, { token: use.cluster.org.userKey }), use.client(1)];
      const random = new Random(SEED);
      const counts = new Map<string, number>();
      let before: number[] = [];
      for (const [round, count] of [REQUESTS / 5, (REQUESTS / 5) * 4].entries()) {
        await inTurns(count, IN_FLIGHT, async (index) => {
          const call = hostileCall(random, rpcs, use.cluster.org.id);
          const { code, text } = await endOf(call, index % 2);
          const shown = {
            rpc: call.rpc.name,
            bytes: call.bytes.subarray(0, 400).toString("hex"),
            metadata: call.metadata,
          };
          const allowed = call.rpc.responseStream ? streaming : clean;
          expect(allowed.has(code), `${status[code]}: ${text} ${JSON.stringify(shown)}`).toBe(true);
          expect(text, JSON.stringify(shown)).not.toMatch(internal);
          counts.set(status[code] ?? "", (counts.get(status[code] ?? "") ?? 0) + 1);
        });
        if (round === 0) before = await memory();
      }
      // The calls got past the first check, and not all to the same one.
      expect(counts.get("OK") ?? 0).toBeGreaterThan(REQUESTS / 200);
      expect(counts.get("INVALID_ARGUMENT") ?? 0).toBeGreaterThan(REQUESTS / 10);
      await expectAllAlive(before);
      await expectItWorks("after-grpc");
    },
    TIMEOUT_MS,
  );
});

describe(`over HTTP, seed ${SEED}`, () => {
  let routes: HttpRoute[];

  beforeAll(async () => {
    const { httpUrl } = use.cluster.replica("gateway", 0);
    const { paths } = (await (await fetch(`${httpUrl}/api/docs/openapi.json`)).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
    );
  });

  function send(
    { method, path, headers, body }: HostileRequest,
    gateway: number,
  ): Promise<{ code: number; type: string; text: string }> {
    const { hostname, port } = new URL(use.cluster.replica("gateway", gateway).httpUrl);
    return new Promise((resolve, reject) => {
      const sent = httpRequest({ hostname, port, method, path, headers, agent, timeout: 120_000 }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("error", reject);
        answer.on("end", () => {
          const type = answer.headers["content-type"] ?? "";
          resolve({ code: answer.statusCode ?? 0, type, text: Buffer.concat(chunks).toString() });
        });
      });
      sent.on("error", reject);
      sent.on("timeout", () => sent.destroy(new Error(`no answer to ${method} ${path}`)));
      sent.end(body);
    });
  }

  test(
    "every request is answered or refused with a problem, and says nothing of the inside",
    async () => {
      const random = new Random(SEED + 1);
      const { org } = use.cluster;
      const counts = new Map<number, number>();
      let before: number[] = [];
      for (const [round, count] of [REQUESTS / 5, (REQUESTS / 5) * 4].entries()) {
        await inTurns(count, IN_FLIGHT, async (index) => {
          const request = hostileRequest(random, routes, { slug: org.slug, key: org.userKey });
          const shown = JSON.stringify({ ...request, body: request.body?.subarray(0, 400).toString("latin1") });
          const { code, type, text } = await send(request, index % 2).catch((error: unknown) => {
            throw new Error(`no answer to ${shown}`, { cause: error });
          });
          expect(code, `${text} ${shown}`).toBeLessThan(500);
          if (code >= 400 && request.method !== "HEAD" && text !== "") {
            expect(type, `${code} ${text.slice(0, 200)} ${shown}`).toBe("application/problem+json");
            expect(text, shown).not.toMatch(internal);
          }
          counts.set(code, (counts.get(code) ?? 0) + 1);
        });
        if (round === 0) before = await memory();
      }
      for (const code of [200, 400, 401, 404])
        expect(counts.get(code) ?? 0, String(code)).toBeGreaterThan(REQUESTS / 200);
      await expectAllAlive(before);
      await expectItWorks("after-http");
    },
    TIMEOUT_MS,
  );

  test("what is no HTTP ends the connection, and only that", async () => {
    const { hostname, port } = new URL(use.cluster.replica("gateway", 0).httpUrl);
    for (const text of rawRequests) {
      const answer = await new Promise<string>((resolve) => {
        let received = "";
        const socket = connect({ host: hostname, port: Number(port) }, () => socket.end(Buffer.from(text, "latin1")));
        socket.on("data", (data) => {
          received += data.toString();
        });
        socket.on("error", () => resolve(received));
        socket.on("close", () => resolve(received));
      });
      expect(answer).not.toMatch(internal);
      expect(answer, text.slice(0, 100)).not.toMatch(/^HTTP\/1.1 5\d\d/);
    }
    await expectAllAlive(await memory());
    await expectItWorks("after-raw");
  });
});
