/**
 * Goal: whatever names a worker means one of the caller's, so that another key of the org reaches nothing by a name.
 * Approach: walks the descriptors for fields of requests that name a worker, makes each call under one name with two keys, and
 * looks at all that the gateway says about that name on the bus: it must say whose worker it is.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { type DescriptorProto, FieldDescriptorProto_Type, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { type IncomingRequest, principalOf } from "@flovyn/bus";
import { extensionRpcs, fileDescriptorSet, publishedRpcs, type Rpc } from "@flovyn/proto/descriptors";
import { ClaimRequest, WorkerKindsRequest, WorkerKindsResponse, WorkersSeenRequest } from "@flovyn/proto/internal";
import { WorkerRegistrationResponse } from "@flovyn/proto/v1";
import { type ServiceError, status } from "@grpc/grpc-js";
import { afterEach, beforeEach, expect, it } from "vitest";
import { routes } from "../src/grpc/routes.js";
import {
  type CallEnd,
  callAnyShape,
  callRaw,
  GatewayHarness,
  metadataOf,
  org,
  testConfig,
  workerKey,
} from "./gateway-harness.js";

const secondKey = "flovyn_wk_test_second";
const principals = { [workerKey]: "Worker/worker:test", [secondKey]: "Worker/worker:second" };
const both = Object.values(principals).sort();
const name = "the worker of one of two";

/** Fields about workers that name none. */
const nameNoWorker = [
  ...["worker_labels", "worker_pool_id", "worker_version", "worker_type"],
  // Which worker was there first, in answers.
  "existing_worker_id",
];
const files = fromBinary(FileDescriptorSetSchema, fileDescriptorSet()).file;
const messages = new Map<string, DescriptorProto>(
  files.flatMap((file) => file.messageType.map((type) => [`.${file.package}.${type.name}`, type])),
);

/** Paths of the fields of a message that name a worker, with those of the messages in it. */
function namingFields(type: string, above: readonly string[] = []): string[] {
  if (above.includes(type)) return [];
  return (messages.get(type)?.field ?? []).flatMap((field) => {
    if (field.type === FieldDescriptorProto_Type.MESSAGE) {
      return namingFields(field.typeName, [...above, type]).map((path) => `${field.name}.${path}`);
    }
    return field.name.includes("worker") && !nameNoWorker.includes(field.name) ? [field.name] : [];
  });
}

const requestTypes: ReadonlyMap<string, string> = new Map(
  files.flatMap((file) =>
    file.service.flatMap((service) =>
      service.method.map((method) => [`${file.package}.${service.name}/${method.name}`, method.inputType] as const),
    ),
  ),
);
const naming = [...publishedRpcs, ...extensionRpcs].flatMap((rpc) => {
  const fields = namingFields(requestTypes.get(rpc.operation) ?? "");
  return fields.length === 0 ? [] : [{ rpc, fields, call: `${rpc.name} by ${fields.join(" and ")}` }];
});

/** Every mention of the name on the bus, and whose worker it is said to be. */
function mentions({ operation, payload, caller }: IncomingRequest): string[] {
  if (!Buffer.from(payload).includes(name)) return [];
  const whose = (named: readonly { workerId: string; principal: string }[]) =>
    named.filter(({ workerId }) => workerId === name).map(({ principal }) => principal);
  switch (operation) {
    case "internal/WorkersSeen":
      return whose(WorkersSeenRequest.decode(payload).workers);
    case "internal/ClaimWorkflows":
    case "internal/ClaimTasks":
      return whose(ClaimRequest.decode(payload).pollers);
    case "internal/WorkerKinds":
      return whose([WorkerKindsRequest.decode(payload)]);
    default:
      // What is forwarded carries its caller. Questions of the gateway itself have to say whose worker they mean.
      return [operation.startsWith("internal/") ? `unknown in ${operation}` : principalOf(caller)];
  }
}

let harness: GatewayHarness;

beforeEach(async () => {
  const config = testConfig();
  const second = { key: secondKey, orgId: org.id, principalType: "Worker", principalId: "worker:second" } as const;
  config.auth.staticApiKey.keys.push({ ...second, role: undefined });
  harness = await GatewayHarness.start(config);
  const empty = new Uint8Array();
  for (const operation of ["internal/ClaimWorkflows", "internal/ClaimTasks"]) harness.services.answer(operation, empty);
  harness.services.answer("internal/WorkerKinds", WorkerKindsResponse.encode(WorkerKindsResponse.create()).finish());
  harness.services.answer("flovyn.v1.WorkerLifecycle/SendHeartbeat", empty);
  const registered = WorkerRegistrationResponse.create({ workerId: name });
  harness.services.answer(
    "flovyn.v1.WorkerLifecycle/RegisterWorker",
    WorkerRegistrationResponse.encode(registered).finish(),
  );
});
afterEach(() => harness.stop());

/** Makes a call under the name as far as its end; a stream is left when it stands. */
function callNaming({ rpc, fields }: (typeof naming)[number], key: string): Promise<CallEnd> {
  const named = Object.fromEntries(fields.map((field) => [camelCase(field), name]));
  const { requestType, operation } = rpc as Rpc & { requestType: { fromPartial(message: object): never } };
  // A queue of its own: one that was found empty is not claimed from again.
  const message = requestType.fromPartial({ orgId: org.id, queue: key, timeoutSeconds: 1, ...named });
  const request = Buffer.from(requestType.encode(message).finish());
  if (rpc.requestStream) return callAnyShape(harness.client(), rpc, { key });
  if (!rpc.responseStream) return callRaw(harness.client(), operation, request, { key });
  const pass = (bytes: Buffer) => bytes;
  const metadata = metadataOf({ key, metadata: { "flovyn-worker-session": "true" } });
  const call = harness.client().makeServerStreamRequest(rpc.path, pass, pass, request, metadata);
  return new Promise((resolve) => {
    call.on("metadata", () => call.cancel());
    call.on("error", (error) => resolve({ error: error as ServiceError }));
    call.resume();
  });
}

const camelCase = (text: string) => text.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

it("requests that name a worker are found in the descriptors, and name it at their top", () => {
  expect(naming.length).toBeGreaterThanOrEqual(6);
  expect(naming.filter(({ fields }) => fields.some((field) => field.includes(".")))).toEqual([]);
});

it.each(naming)("$call means a worker of its caller in all that the gateway says of it", async (one) => {
  const ends = [];
  for (const key of Object.keys(principals)) ends.push(await callNaming(one, key));
  // Sends what was seen of workers, and what was lost.
  await harness.stop();
  const said = new Map<string, Set<string>>();
  for (const request of harness.services.requests) {
    for (const whose of mentions(request))
      said.set(request.operation, (said.get(request.operation) ?? new Set()).add(whose));
  }
  if (routes.find(({ path }) => path === one.rpc.operation)?.handling.type === "later") {
    expect(ends.map(({ error }) => error?.code)).toEqual([status.UNIMPLEMENTED, status.UNIMPLEMENTED]);
    expect(said.size).toBe(0);
    return;
  }
  expect(said.size).toBeGreaterThan(0);
  for (const [operation, whose] of said) expect([operation, [...whose].sort()]).toEqual([operation, both]);
});
