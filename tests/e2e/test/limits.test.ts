/** Sizes that must pass, sizes that must not, and requests that are wrong: each with its code, its field and no effect. */
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import {
  completed,
  createPromise,
  dataOf,
  type FlovynClient,
  recordOperation,
  scheduleChild,
  suspended,
} from "../src/index.js";
import { refusedCalls } from "./limits/refused-calls.js";
import { refusedCommands } from "./limits/refused-commands.js";
import { SMALL, useCluster } from "./use-cluster.js";
import { onlyData, waitForEvents } from "./wait-for-events.js";
import { activateOnce, claimTask, claimWorkflow } from "./wait-for-work.js";

const MIB = 1024 * 1024;
const PAYLOAD_MAX = 4 * MIB - 64 * 1024;
const REST_INPUT_MAX = MIB;
const queue = "limits";
const use = useCluster({ replicas: SMALL });

/** A JSON string of exactly so many bytes. */
function jsonOf(bytes: number): Buffer {
  return Buffer.from(`"${"x".repeat(bytes - 2)}"`);
}

async function workflowCount(): Promise<number> {
  return (await use.rest().get("/workflow-executions?limit=1")).json.total;
}

/** What the broker says of itself in the first line of a connection. */
async function brokerMaxPayload(): Promise<number> {
  const socket = connect(use.cluster.nats.port, "127.0.0.1");
  try {
    for await (const line of createInterface({ input: socket })) {
      return JSON.parse(line.slice("INFO ".length)).max_payload;
    }
    throw new Error("the broker said nothing");
  } finally {
    socket.destroy();
  }
}

test("a history of 5 MB passes a broker that takes 1 MB", async () => {
  expect(await brokerMaxPayload()).toBe(MIB);
  const client = use.client();
  const { workflowExecutionId } = await client.startWorkflow({ workflowKind: "long", queue });
  await claimWorkflow(client, { queue });
  const operations = Array.from({ length: 10 }, (_, index) => recordOperation(`step-${index}`, jsonOf(512 * 1024)));
  await client.submitCommands({ workflowExecutionId, ...completed("true", ...operations) });
  const events = await client.getEvents(workflowExecutionId);
  const bytes = events.reduce((sum, event) => sum + event.eventData.byteLength, 0);
  expect(bytes).toBeGreaterThan(5 * MIB);
  expect(events).toHaveLength(12);
  for (const event of events.slice(1, 11)) expect(dataOf(event).result).toHaveLength(512 * 1024 - 2);
  const shown = await use.rest().get(`/workflow-executions/${workflowExecutionId}/events`);
  expect(shown.json.events).toHaveLength(12);
});

test("an input of 3 MiB is accepted and handed out byte for byte, by workflow and by task", async () => {
  const client = use.client();
  const input = jsonOf(3 * MIB);
  const { workflowExecutionId } = await client.startWorkflow({ workflowKind: "large", queue, input });
  const execution = await claimWorkflow(client, { queue });
  expect(execution.id).toBe(workflowExecutionId);
  expect(execution.input.equals(input)).toBe(true);
  await client.submitCommands({ workflowExecutionId, ...completed("null") });
  await client.submitTask({ kind: "large", queue, input });
  expect((await claimTask(client, { queue })).input.equals(input)).toBe(true);
});

test("the largest payload passes, one byte more is refused with the limit, on both doors", async () => {
  const client = use.client();
  const before = await workflowCount();
  const tooLarge = client.startWorkflow({ workflowKind: "large", queue, input: jsonOf(PAYLOAD_MAX + 1) });
  await expect(tooLarge).rejects.toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: expect.stringMatching(new RegExp(`^input: .*${PAYLOAD_MAX}`)),
  });
  const rest = use.rest();
  const post = (bytes: number) => rest.post("/workflow-executions", `{"kind":"large","input":${jsonOf(bytes)}}`);
  for (const bytes of [REST_INPUT_MAX + 1, 5 * MIB]) {
    const refused = await post(bytes);
    expect(refused.status).toBe(413);
    expect(refused.contentType).toContain("application/problem+json");
    expect(refused.json.error).toContain(String(REST_INPUT_MAX));
  }
  expect(await workflowCount()).toBe(before);
  await client.startWorkflow({ workflowKind: "large", queue: "largest", input: jsonOf(PAYLOAD_MAX) });
  expect((await claimWorkflow(client, { queue: "largest" })).input.byteLength).toBe(PAYLOAD_MAX);
  expect((await post(REST_INPUT_MAX)).status).toBe(201);
});

test("a request above the limit of a message is refused, not dropped", async () => {
  const client = use.client();
  const { workflowExecutionId } = await client.startWorkflow({ workflowKind: "huge", queue: "huge" });
  await claimWorkflow(client, { queue: "huge" });
  const operations = Array.from({ length: 6 }, (_, index) => recordOperation(`step-${index}`, jsonOf(3 * MIB)));
  await expect(client.submitCommands({ workflowExecutionId, ...suspended(...operations) })).rejects.toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
    details: expect.stringContaining(String(16 * MIB)),
  });
  expect(await client.getEvents(workflowExecutionId)).toHaveLength(1);
});

test("the largest payload passes every door that payloads have, and comes back in full", async () => {
  const client = use.client();
  const largest = jsonOf(PAYLOAD_MAX);
  const request = { workflowKind: "large", queue: "doors", workflowId: "doors", signalName: "s" };
  const started = await client.signalWithStart({ ...request, signalValue: largest });
  const { workflowExecutionId } = started;
  const child = scheduleChild({
    id: crypto.randomUUID(),
    name: "c",
    kind: "child",
    queue: "doors-child",
    input: largest,
  });
  await activateOnce(client, "doors", suspended(createPromise("p"), child));
  await client.resolvePromise({ promiseId: `${workflowExecutionId}:p`, value: largest });
  const ended = await activateOnce(client, "doors-child", completed(largest));
  expect(ended.input.byteLength).toBe(PAYLOAD_MAX);
  await waitForEvents(client, workflowExecutionId, { type: "CHILD_WORKFLOW_COMPLETED" });
  const events = await client.getEvents(workflowExecutionId);
  const lengths = ["SIGNAL_RECEIVED", "PROMISE_RESOLVED", "CHILD_WORKFLOW_INITIATED", "CHILD_WORKFLOW_COMPLETED"].map(
    (type) => {
      const { signalValue, value, input, output } = onlyData(events, type);
      return (signalValue ?? value ?? input ?? output).length;
    },
  );
  expect(lengths).toEqual(Array.from({ length: 4 }, () => PAYLOAD_MAX - 2));
});

test("the text of a rejection is cut, not refused", async () => {
  const client = use.client();
  const queue = "long-text";
  const { workflowExecutionId } = await client.startWorkflow({ workflowKind: "k", queue });
  await activateOnce(client, queue, suspended(createPromise("p")));
  const error = "e".repeat(70 * 1024);
  await client.rejectPromise({ promiseId: `${workflowExecutionId}:p`, error });
  const rejected = onlyData(await client.getEvents(workflowExecutionId), "PROMISE_REJECTED");
  expect(rejected.error).toBe(error.slice(0, 64 * 1024));
});

describe("gRPC", () => refusedCalls(use));
describe("SubmitWorkflowCommands", () => refusedCommands(use));

const unknownId = "0190a5c0-0000-7000-8000-000000000001";
type Refusal = [name: string, call: (client: FlovynClient) => Promise<unknown>, code: number, field: string];
const refusals: Refusal[] = [
  ["an invalid workflow id", (c) => c.getEvents("nope"), status.INVALID_ARGUMENT, "workflow_execution_id"],
  ["an unknown workflow id", (c) => c.getEvents(unknownId), status.NOT_FOUND, "workflow_execution_id"],
  ["no workflow id", (c) => c.getEvents(""), status.INVALID_ARGUMENT, "workflow_execution_id"],
  ["an invalid task id", (c) => c.completeTask({ taskExecutionId: "1" }), status.INVALID_ARGUMENT, "task_execution_id"],
  ["an unknown task id", (c) => c.failTask({ taskExecutionId: unknownId }), status.NOT_FOUND, "task_execution_id"],
  ["a blank kind", (c) => c.startWorkflow({ workflowKind: " " }), status.INVALID_ARGUMENT, "workflow_kind"],
  ["a blank task kind", (c) => c.submitTask({ kind: "" }), status.INVALID_ARGUMENT, "kind"],
  ["a long kind", (c) => c.startWorkflow({ workflowKind: "k".repeat(256) }), status.INVALID_ARGUMENT, "workflow_kind"],
  [
    "an unknown org",
    (c) => c.startWorkflow({ workflowKind: "k", orgId: unknownId }),
    status.PERMISSION_DENIED,
    "org_id",
  ],
  ["an org that is no UUID", (c) => c.submitTask({ kind: "k", orgId: "x" }), status.INVALID_ARGUMENT, "org_id"],
  [
    "another org",
    (c) => c.startWorkflow({ workflowKind: "k", orgId: use.cluster.otherOrg.id }),
    status.PERMISSION_DENIED,
    "org_id",
  ],
  ["a blank queue", (c) => c.pollWorkflow({ workerId: "w", queue: "" }), status.INVALID_ARGUMENT, "queue"],
  ["too many retries", (c) => c.submitTask({ kind: "k", maxRetries: -1 }), status.INVALID_ARGUMENT, "max_retries"],
  [
    "a capability with a NUL character",
    (c) => c.pollWorkflow({ workerId: "w", queue: "q", workflowCapabilities: ["\0"] }),
    status.INVALID_ARGUMENT,
    "workflow_capabilities",
  ],
  [
    "a key that lives too long",
    (c) => c.startWorkflow({ workflowKind: "k", idempotencyKey: "k", idempotencyKeyTtlSeconds: 2_592_001 }),
    status.INVALID_ARGUMENT,
    "idempotency_key_ttl_seconds",
  ],
];

test.each(refusals)("gRPC refuses %s, names the field and changes nothing", async (_name, call, code, field) => {
  const before = await workflowCount();
  await expect(call(use.client())).rejects.toMatchObject({
    code,
    details: expect.stringMatching(new RegExp(`^${field}: `)),
  });
  expect(await workflowCount()).toBe(before);
});

test.each([
  ["a blank kind", "/workflow-executions", { kind: "  " }, 400, "kind"],
  ["no kind", "/workflow-executions", {}, 400, "kind"],
  ["a body that is not JSON", "/workflow-executions", '{"kind":', 400, "body"],
  ["too many retries", "/task-executions", { kind: "k", maxRetries: 11 }, 400, "maxRetries"],
  [
    "a key that lives too long",
    "/workflow-executions",
    { kind: "k", idempotencyKeyTTL: "31d" },
    400,
    "idempotencyKeyTTL",
  ],
])("REST refuses %s with a problem that names the field", async (_name, path, body, code, field) => {
  const before = await workflowCount();
  const { status: given, contentType, json } = await use.rest().post(path, body);
  expect({ given, field: json.field, error: json.error === json.detail }).toEqual({ given: code, field, error: true });
  expect(contentType).toContain("application/problem+json");
  expect(json.code).toBe("InvalidInput");
  expect(await workflowCount()).toBe(before);
});
