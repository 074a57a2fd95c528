import { createBatchLane, createHealth, createLogger, createMetrics, type FlovynConfig } from "@flovyn/runtime";
import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { loadGatewayConfig } from "../src/config.js";
import { createGatewayService, type GatewayService } from "../src/service.js";
import { FakeServices } from "./fake-services.js";

export const org = { id: "0190a5c0-0000-7000-8000-000000000001", name: "Acme", slug: "acme", tier: "FREE" };
export const otherOrg = { id: "0190a5c0-0000-7000-8000-000000000002", name: "Other", slug: "other", tier: "FREE" };
export const workerKey = "flovyn_wk_test_1";
export const userKey = "flovyn_sk_test_1";
export const otherKey = "flovyn_sk_test_2";

export function testConfig(change: Record<string, unknown> = {}): FlovynConfig {
  const key = (text: string, orgId: string, type: string) => ({
    key: text,
    org_id: orgId,
    principal_type: type,
    principal_id: `${type.toLowerCase()}:test`,
    ...(type === "User" && { role: "OWNER" }),
  });
  const keys = [key(workerKey, org.id, "Worker"), key(userKey, org.id, "User"), key(otherKey, otherOrg.id, "User")];
  return loadGatewayConfig({
    env: {},
    overrides: {
      server_port: 0,
      grpc_server_port: 0,
      orgs: [org, otherOrg],
      auth: { enabled: true, static_api_key: { keys } },
      ...change,
    },
  });
}

export interface CallOptions {
  key?: string | undefined;
  metadata?: Record<string, string>;
  deadlineMs?: number;
}

/** A gateway on free ports with fake services behind it, and raw clients in front. */
export class GatewayHarness {
  readonly services = new FakeServices();
  readonly health = createHealth();
  readonly metrics = createMetrics({ service: "gateway", processMetrics: false });
  readonly gateway: GatewayService;
  readonly #clients: Client[] = [];

  constructor(config: FlovynConfig = testConfig()) {
    this.gateway = createGatewayService({
      config,
      bus: this.services.bus,
      lane: createBatchLane(1),
      clock: { now: () => Date.now() },
      log: createLogger({ service: "gateway", level: "silent" }),
      metrics: this.metrics,
      health: this.health,
    });
  }

  static async start(config?: FlovynConfig): Promise<GatewayHarness> {
    const harness = new GatewayHarness(config);
    await harness.services.start("dispatch", "tasks", "promises");
    harness.services.answer("internal/WorkersSeen", new Uint8Array());
    await harness.gateway.start();
    harness.health.markStarted();
    return harness;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.gateway.stop();
    await this.services.bus.drain();
  }

  client(host = "127.0.0.1"): Client {
    const client = new Client(`${host}:${this.gateway.ports.grpc}`, credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
      "grpc.use_local_subchannel_pool": 1,
    });
    this.#clients.push(client);
    return client;
  }

  url(path: string, host = "127.0.0.1"): string {
    return `http://${host}:${this.gateway.ports.http}${path}`;
  }

  /** All figures as they are now. */
  figures(): Promise<string> {
    return this.metrics.registry.metrics();
  }

  /** A body that is text is sent as JSON, unless the headers say otherwise. */
  fetch(path: string, init: RequestInit & { key?: string | undefined } = {}): Promise<Response> {
    const { key = userKey, ...rest } = init;
    const headers = {
      ...(key === "" ? {} : { authorization: `Bearer ${key}` }),
      ...(typeof rest.body === "string" && { "content-type": "application/json" }),
      ...rest.headers,
    };
    return fetch(this.url(path), { ...rest, headers });
  }
}

export interface CallEnd {
  /** Bytes of the answer when the call succeeded. */
  answer?: Buffer;
  error?: ServiceError;
}

const pass = (bytes: Buffer) => bytes;

export function metadataOf({ key = workerKey, metadata = {} }: CallOptions): Metadata {
  const made = new Metadata();
  if (key !== "") made.set("authorization", `Bearer ${key}`);
  for (const [name, value] of Object.entries(metadata)) made.set(name, value);
  return made;
}

/** One raw unary call. */
export function callRaw(
  client: Client,
  operation: string,
  request: Uint8Array,
  options: CallOptions = {},
): Promise<CallEnd> {
  return new Promise((resolve) => {
    const deadline = Date.now() + (options.deadlineMs ?? 60_000);
    client.makeUnaryRequest(
      `/${operation}`,
      pass,
      pass,
      Buffer.from(request),
      metadataOf(options),
      { deadline },
      (error, answer) => resolve(error === null ? { answer: answer as Buffer } : { error }),
    );
  });
}

/** One raw call of any shape with an empty request, as far as its end. */
export function callAnyShape(
  client: Client,
  rpc: { path: string; requestStream: boolean; responseStream: boolean },
  options: CallOptions,
): Promise<CallEnd> {
  const metadata = metadataOf(options);
  return new Promise((resolve) => {
    const end = (error: ServiceError | null, answer?: Buffer) =>
      resolve(error === null ? { ...(answer && { answer }) } : { error });
    const empty = Buffer.alloc(0);
    const callOptions = { deadline: Date.now() + (options.deadlineMs ?? 60_000) };
    if (rpc.responseStream) {
      const call = client.makeServerStreamRequest(rpc.path, pass, pass, empty, metadata, callOptions);
      call.on("error", (error) => end(error as ServiceError));
      call.on("end", () => end(null));
      call.resume();
    } else if (rpc.requestStream) {
      const call = client.makeClientStreamRequest(rpc.path, pass, pass, metadata, callOptions, end);
      call.on("error", () => {});
      call.end();
    } else {
      client.makeUnaryRequest(rpc.path, pass, pass, empty, metadata, callOptions, end);
    }
  });
}
