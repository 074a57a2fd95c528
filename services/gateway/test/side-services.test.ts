import { fileDescriptorSet, publishedServices } from "@flovyn/proto/descriptors";
import { budgetTable } from "@flovyn/runtime";
import { waitFor } from "@flovyn/testing";
import { type Client, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { service as healthService } from "grpc-health-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GatewayHarness, metadataOf, testConfig } from "./gateway-harness.js";

let harness: GatewayHarness;
let client: Client;

beforeEach(async () => {
  harness = await GatewayHarness.start();
  client = harness.client();
});

afterEach(() => harness.stop());

interface HealthAnswer {
  status: string;
}

function checkHealth(service: string): Promise<HealthAnswer> {
  const { Check } = healthService;
  return new Promise((resolve, reject) => {
    if (Check === undefined) throw new Error("the health service has no Check");
    client.makeUnaryRequest(
      Check.path,
      Check.requestSerialize,
      Check.responseDeserialize,
      { service },
      new Metadata(),
      (error, answer) => (error === null ? resolve(answer as HealthAnswer) : reject(error)),
    );
  });
}

describe("grpc.health.v1", () => {
  it("tells without a key whether the gateway serves", async () => {
    expect(await checkHealth("")).toEqual({ status: "SERVING" });
    expect(await checkHealth("flovyn.v1.WorkflowDispatch")).toEqual({ status: "SERVING" });
    await expect(checkHealth("flovyn.v1.Nonsense")).rejects.toMatchObject({ code: status.NOT_FOUND });
  });

  it("tells watchers that it goes away, and ends their streams", async () => {
    const { Watch } = healthService;
    if (Watch === undefined) throw new Error("the health service has no Watch");
    const seen: string[] = [];
    let ended = false;
    const call = client.makeServerStreamRequest(Watch.path, Watch.requestSerialize, Watch.responseDeserialize, {
      service: "",
    });
    call.on("data", (answer: HealthAnswer) => seen.push(answer.status));
    call.on("end", () => {
      ended = true;
    });
    call.on("error", () => {});
    await waitFor("the first status", () => seen.length === 1);
    await harness.gateway.stop();
    await waitFor("the end of the stream", () => ended);
    expect(seen).toEqual(["SERVING", "NOT_SERVING"]);
  });

  it("tells who watches what nobody knows, and keeps nothing of it", async () => {
    const { Watch } = healthService;
    if (Watch === undefined) throw new Error("the health service has no Watch");
    const { path, requestSerialize, responseDeserialize } = Watch;
    for (const service of ["flovyn.v1.Nonsense", "x".repeat(60 * 1024)]) {
      const call = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service });
      call.on("error", () => {});
      const first = await new Promise<HealthAnswer>((resolve) => call.once("data", resolve));
      expect(first.status).toBe("SERVICE_UNKNOWN");
      call.cancel();
    }
    const streams = async () =>
      /^flovyn_gateway_streams\S* (\d+)$/m.exec(await harness.metrics.registry.metrics())?.[1];
    await waitFor("the streams to be forgotten", async () => (await streams()) === "0");
  });

  it.each(["Check", "Watch"])("refuses a request of %s that is no message", async (name) => {
    const broken = Buffer.from([0x0a, 0xff]);
    const end = await callAnyShapeWith(`/grpc.health.v1.Health/${name}`, broken);
    expect(end).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringMatching(/not a valid protobuf/),
    });
  });

  it("lets one address watch only so many times, and others go on", async () => {
    const { Watch } = healthService;
    if (Watch === undefined) throw new Error("the health service has no Watch");
    const watch = (from: Client) => {
      const { path, requestSerialize, responseDeserialize } = Watch;
      const call = from.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service: "" });
      const outcome = new Promise<number>((resolve) => {
        call.once("data", () => resolve(status.OK));
        call.on("error", (error) => resolve((error as ServiceError).code));
      });
      return { call, outcome };
    };
    const watches = Array.from({ length: budgetTable.health_streams.limits.address }, () => watch(client));
    expect(new Set(await Promise.all(watches.map(({ outcome }) => outcome)))).toEqual(new Set([status.OK]));
    expect(await watch(client).outcome).toBe(status.RESOURCE_EXHAUSTED);
    expect(await checkHealth("")).toEqual({ status: "SERVING" });
    watches[0]?.call.cancel();
    await waitFor("room", async () => (await watch(client).outcome) === status.OK);
  });
});

/** How a call with one message ends. */
function callAnyShapeWith(path: string, message: Buffer): Promise<ServiceError> {
  const pass = (bytes: Buffer) => bytes;
  return new Promise((resolve) => {
    const call = client.makeServerStreamRequest(path, pass, pass, message);
    call.on("error", (error) => resolve(error as ServiceError));
    call.resume();
  });
}

/** One request of the reflection protocol: `field` holds a text. The messages are simple enough to write by hand. */
function reflect(version: string, field: number, text: string, key?: string): Promise<Buffer> {
  const pass = (bytes: Buffer) => bytes;
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  return new Promise((resolve, reject) => {
    const call = client.makeBidiStreamRequest(path, pass, pass, metadataOf({ key }));
    call.on("data", (bytes: Buffer) => {
      resolve(bytes);
      call.end();
    });
    call.on("error", (error: ServiceError) => reject(error));
    call.write(Buffer.concat([Buffer.from([(field << 3) | 2, text.length]), Buffer.from(text)]));
  });
}

describe.each(["v1", "v1alpha"])("grpc.reflection.%s", (version) => {
  const listServices = 7;
  const fileContainingSymbol = 4;

  it("pitfall 40: refuses callers without a key", async () => {
    await expect(reflect(version, listServices, "*", "")).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
    await expect(reflect(version, listServices, "*", "wrong")).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  });

  it("is one of the streams that a principal may hold", async () => {
    const limited = await GatewayHarness.start(testConfig({ limits: { budgets: { held_streams: { principal: 1 } } } }));
    const pass = (bytes: Buffer) => bytes;
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const open = () => limited.client().makeBidiStreamRequest(path, pass, pass, metadataOf({}));
    const first = open();
    first.on("error", () => {});
    first.write(Buffer.from([(listServices << 3) | 2, 1, "*".charCodeAt(0)]));
    await new Promise((resolve) => first.once("data", resolve));
    const second = open();
    const error = await new Promise((resolve) => second.once("error", resolve));
    expect(error).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    await limited.stop();
  });

  it("answers a caller that asks much before it reads", async () => {
    const pass = (bytes: Buffer) => bytes;
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const call = client.makeBidiStreamRequest(path, pass, pass, metadataOf({}));
    const question = "flovyn.v1.PollRequest";
    const ask = Buffer.concat([Buffer.from([(fileContainingSymbol << 3) | 2, question.length]), Buffer.from(question)]);
    // Each answer has tens of kilobytes, more together than a connection takes unread.
    for (let n = 0; n < 100; n++) call.write(ask);
    call.end();
    let answers = 0;
    call.on("data", () => answers++);
    await new Promise((resolve, reject) => call.on("end", resolve).on("error", reject));
    expect(answers).toBe(100);
  });

  it("lists the services and describes them exactly", async () => {
    const services = (await reflect(version, listServices, "*")).toString("latin1");
    for (const { fullName } of publishedServices) expect(services).toContain(fullName);
    expect(services).not.toContain("flovyn.internal");
    const file = await reflect(version, fileContainingSymbol, "flovyn.v1.PollRequest");
    // The largest file of the set comes back unchanged inside the answer.
    const set = fileDescriptorSet();
    expect(file.includes(set.subarray(set.lastIndexOf("flovyn/v1/flovyn.proto")))).toBe(true);
  });
});
