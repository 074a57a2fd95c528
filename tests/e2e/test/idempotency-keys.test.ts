/** Goal: one key, one execution, however many callers and gateways; free again when it failed. */
import { expect, test } from "vitest";
import { completed, type FlovynClient, failed } from "../src/index.js";
import { useCluster } from "./use-cluster.js";
import { claimWorkflow } from "./wait-for-work.js";

const CALLERS = 50;
const queue = "keys";
const use = useCluster({ replicas: { gateway: 2, dispatch: 2, tasks: 1 } });

function start(client: FlovynClient, idempotencyKey: string, workflowKind = "keyed") {
  return client.startWorkflow({ workflowKind, queue, idempotencyKey });
}

test("50 concurrent starts with one key through two gateways make one execution", async () => {
  const clients = [use.client(0), use.client(1)];
  const rest = [use.rest(0), use.rest(1)];
  const before = (await use.rest().get(`/workflow-executions?queue=${queue}`)).json.total;
  const overGrpc = Array.from({ length: CALLERS - 10 }, (_, index) => {
    const client = clients[index % 2];
    return client ? [start(client, "many")] : [];
  }).flat();
  const body = { kind: "keyed", queue, idempotencyKey: "many" };
  const overRest = Array.from({ length: 10 }, async (_, index) => {
    const answer = await rest[index % 2]?.post("/workflow-executions", body);
    expect(answer?.status).toBe(answer?.json.idempotencyKeyNew ? 201 : 200);
    return answer?.json as Awaited<ReturnType<typeof start>>;
  });
  const answers = await Promise.all([...overGrpc, ...overRest]);
  expect(new Set(answers.map((answer) => answer.workflowExecutionId)).size).toBe(1);
  expect(answers.filter((answer) => answer.idempotencyKeyNew)).toHaveLength(1);
  expect(answers.every((answer) => answer.idempotencyKeyUsed)).toBe(true);
  expect((await use.rest().get(`/workflow-executions?queue=${queue}`)).json.total).toBe(before + 1);
  const client = use.client();
  expect(await client.getEvents(answers[0]?.workflowExecutionId ?? "")).toHaveLength(1);
  const execution = await claimWorkflow(client, { queue });
  await client.submitCommands({ workflowExecutionId: execution.id, ...completed("1") });
  expect(await client.pollWorkflow({ workerId: "w", queue })).toBeUndefined();
});

test("a key stays with a completed execution and is free again after a failed one", async () => {
  const client = use.client();
  const first = await start(client, "fails");
  await claimWorkflow(client, { queue });
  expect((await start(client, "fails")).workflowExecutionId).toBe(first.workflowExecutionId);
  await client.submitCommands({ workflowExecutionId: first.workflowExecutionId, ...failed("no luck") });
  const second = await start(client, "fails");
  expect(second.workflowExecutionId).not.toBe(first.workflowExecutionId);
  expect(second).toMatchObject({ idempotencyKeyUsed: true, idempotencyKeyNew: true });

  await claimWorkflow(client, { queue });
  await client.submitCommands({ workflowExecutionId: second.workflowExecutionId, ...completed("1") });
  const third = await start(client, "fails");
  expect(third).toMatchObject({ workflowExecutionId: second.workflowExecutionId, idempotencyKeyNew: false });
});

test("the scope of a key is the org, whatever the kind", async () => {
  const client = use.client();
  const first = await start(client, "shared", "one-kind");
  const second = await start(client, "shared", "another-kind");
  expect(second).toMatchObject({ workflowExecutionId: first.workflowExecutionId, idempotencyKeyNew: false });
  const elsewhere = await start(use.client(0, { org: use.cluster.otherOrg }), "shared");
  expect(elsewhere.workflowExecutionId).not.toBe(first.workflowExecutionId);
  expect(elsewhere.idempotencyKeyNew).toBe(true);
});

test("without a key every start makes an execution", async () => {
  const client = use.client();
  const request = { workflowKind: "keyed", queue: "no-keys" };
  const answers = [await client.startWorkflow(request), await client.startWorkflow(request)];
  for (const answer of answers) expect(answer).toMatchObject({ idempotencyKeyUsed: false, idempotencyKeyNew: true });
  expect(answers[0]?.workflowExecutionId).not.toBe(answers[1]?.workflowExecutionId);
});
