import { afterEach, beforeEach } from "vitest";
import { FlovynClient, type FlovynClientOptions, silentLogger, task, workflow } from "../src/index.js";
import { FakeServer, orgId, token } from "./fake-server.js";

export const add = task({ name: "add", run: (_ctx, { a, b }: { a: number; b: number }) => a + b });

export const sum = workflow({
  name: "sum",
  async run(ctx, input: { numbers: number[] }) {
    ctx.set("status", "adding");
    const base = await ctx.run("base", async () => 100);
    const parts = await Promise.all(input.numbers.map((n) => ctx.schedule(add, { a: n, b: 1 })));
    ctx.clear("status");
    return { total: parts.reduce((total, part) => total + part, base) };
  },
});

export interface Harness {
  server: FakeServer;
  clients: FlovynClient[];
  createClient(options?: Partial<FlovynClientOptions>): FlovynClient;
}

/** Gives each test a server of its own, and stops what the test has started. */
export function useHarness(): Harness {
  const harness: Harness = {
    server: new FakeServer(),
    clients: [],
    createClient(options = {}) {
      const client = new FlovynClient({
        serverUrl: harness.server.door.url,
        orgId,
        workerToken: token,
        shutdownGrace: "5s",
        logger: silentLogger,
        ...options,
      });
      harness.clients.push(client);
      return client;
    },
  };
  beforeEach(async () => {
    harness.server = new FakeServer();
    harness.clients = [];
    await harness.server.door.start();
  });
  afterEach(async () => {
    await Promise.all(harness.clients.map((client) => client.stop()));
    harness.server.door.stop();
  });
  return harness;
}

export function withResolvers<Value>() {
  let settle: { resolve(value: Value): void; reject(error: unknown): void } | undefined;
  const promise = new Promise<Value>((resolve, reject) => {
    settle = { resolve, reject };
  });
  if (settle === undefined) throw new Error("a promise runs its executor at once");
  return { promise, ...settle };
}
