/** Goal: the calls of one org do not wait for those of another that makes many, at either transport. */
import { GetEventsRequest, StartWorkflowRequest } from "@flovyn/proto/v1";
import { waitFor } from "@flovyn/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  callRaw,
  GatewayHarness,
  metadataOf,
  org,
  otherKey,
  otherOrg,
  testConfig,
  workerKey,
} from "./gateway-harness.js";

const path = "flovyn.v1.WorkflowDispatch/StartWorkflow";
let harness: GatewayHarness;
/** Calls that are at the service, by org, in the order in which they came. */
let running: { orgId: string; end: () => void }[];

beforeEach(async () => {
  running = [];
  harness = await GatewayHarness.start(testConfig({ limits: { service_calls: 20, service_calls_shared: 4 } }));
  harness.services.answer(path, ({ caller }) => {
    return new Promise<Uint8Array>((resolve) => {
      running.push({ orgId: caller.orgId, end: () => resolve(new Uint8Array()) });
    });
  });
});

afterEach(() => harness.stop());

function start(key: string, orgId: string): Promise<unknown> {
  const request = StartWorkflowRequest.encode(StartWorkflowRequest.fromPartial({ orgId, workflowKind: "k" })).finish();
  return callRaw(harness.client(), path, request, { key });
}

it("reads of histories run few at a time until one was small, and not for callers that have left", async () => {
  const reads = "flovyn.v1.WorkflowDispatch/GetEvents";
  const asked: (() => void)[] = [];
  harness.services.answer(reads, () => {
    return new Promise<Uint8Array>((resolve) => asked.push(() => resolve(new Uint8Array())));
  });
  const client = harness.client();
  const request = GetEventsRequest.encode({ workflowExecutionId: "x" }).finish();
  const pass = (bytes: Buffer) => bytes;
  const calls = Array.from({ length: 12 }, () =>
    client.makeUnaryRequest(`/${reads}`, pass, pass, Buffer.from(request), metadataOf({}), () => {}),
  );
  const figure = async (name: string) =>
    Number(new RegExp(`^${name}\\S* (\\d+)$`, "m").exec(await harness.metrics.registry.metrics())?.[1]);
  await waitFor("the turns to be taken", () => asked.length === 3);
  await waitFor("the rest to wait", async () => (await figure("flovyn_gateway_waiting_calls")) === 9);
  for (const call of calls.slice(3, 11)) call.cancel();
  const openCalls = 'flovyn_gateway_budget_used{budget="calls"';
  await waitFor("the callers to have left", async () => (await figure(openCalls)) === 4);
  for (const answer of asked) answer();
  await waitFor("nothing to wait", async () => (await figure("flovyn_gateway_waiting_calls")) === 0);
  expect(asked).toHaveLength(4);
  asked[3]?.();
});

it("a call of an org that makes few is the next one, whatever others have waiting, and all are answered", async () => {
  const flood = Array.from({ length: 100 }, () => start(workerKey, org.id));
  await waitFor("the turns to be taken", () => running.length === 20);
  const waiting = async () =>
    Number(/^flovyn_gateway_waiting_calls\S* (\d+)$/m.exec(await harness.metrics.registry.metrics())?.[1]);
  await waitFor("the rest to wait", async () => (await waiting()) === 80);
  const few = start(otherKey, otherOrg.id);
  await waitFor("the call to wait", async () => (await waiting()) === 81);
  // Seventeen have to end before fewer than four are left.
  for (const call of running.slice(0, 17)) call.end();
  await waitFor("the next turn", () => running.length === 21);
  expect(running[20]?.orgId).toBe(otherOrg.id);
  running[20]?.end();
  expect(await few).toMatchObject({ answer: expect.anything() });
  let next = 17;
  const all = Promise.all(flood);
  await waitFor("all calls to run", () => {
    for (; next < running.length; next++) running[next]?.end();
    return running.length === 101;
  });
  for (const end of (await all) as { error?: unknown }[]) expect(end.error).toBeUndefined();
});
