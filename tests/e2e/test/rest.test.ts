/** The REST door as harnesses, the result polling of existing SDKs and curl use it. */
import { waitFor } from "@flovyn/testing";
import { describe, expect, test } from "vitest";
import { completed, failed, RawWorker, type RestAnswer, scheduleTask, suspended } from "../src/index.js";
import { useCluster } from "./use-cluster.js";
import { claimTask, claimWorkflow } from "./wait-for-work.js";

const unknownId = "0190a5c0-0000-7000-8000-000000000001";
const use = useCluster({ replicas: { gateway: 1, dispatch: 1, tasks: 1 } });

function expectProblem(answer: RestAnswer, status: number, code: string): void {
  expect(answer.contentType).toContain("application/problem+json");
  expect(answer.json).toMatchObject({ status, code, type: expect.any(String), title: expect.any(String) });
  expect(answer.json.error).toBe(answer.json.detail);
  expect(answer.json.instance).not.toBe("");
  expect(answer.status).toBe(status);
}

describe("workflow executions", () => {
  test("start, get, events", async () => {
    const { org } = use.cluster;
    const rest = use.rest();
    const body = { kind: "order", queue: "rest", input: { n: 1 }, version: "1.0.0", metadata: { team: "a" } };
    const started = await rest.post("/workflow-executions", body);
    expect(started.status).toBe(201);
    const { workflowExecutionId: id, links } = started.json;
    expect(started.json).toMatchObject({ kind: "order", status: "PENDING", idempotencyKeyUsed: false });
    expect(links.self).toBe(`/api/orgs/${org.slug}/workflow-executions/${id}`);

    const view = (await rest.get(`/workflow-executions/${id}`)).json;
    expect(view).toMatchObject({
      id,
      orgId: org.id,
      workflowKind: "order",
      status: "PENDING",
      input: { n: 1 },
      output: null,
      completedAt: null,
      workflowVersion: "1.0.0",
      metadata: { team: "a" },
    });
    // The form with the partition names the same execution.
    expect((await rest.get(`/workflow-executions/${view.executionId}`)).json.id).toBe(id);
    const { events } = (await rest.get(`/workflow-executions/${id}/events`)).json;
    expect(events).toHaveLength(1);
    const [event] = events;
    expect(event).toMatchObject({ eventType: "WORKFLOW_STARTED", sequence: 1, sequenceNumber: 1 });
    expect(event.data).toMatchObject({ input: { n: 1 }, workflowKind: "order", queue: "rest" });
    expect(new Date(event.timestamp).toISOString()).toBe(event.createdAt);
    expect((await rest.get(`/workflow-executions/${id}/events?sinceSequence=1`)).json.events).toEqual([]);
  });

  test("list: filters, pages by cursor and by offset, without gaps or repeats", async () => {
    const rest = use.rest();
    const ids: string[] = [];
    for (let index = 0; index < 7; index++) {
      const { json } = await rest.post("/workflow-executions", { kind: index % 2 ? "odd" : "even", queue: "list" });
      ids.unshift(json.workflowExecutionId);
    }
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: RestAnswer = await rest.get(`/workflow-executions?queue=list&limit=3&cursor=${cursor}`);
      expect(page.json.total).toBe(7);
      seen.push(...page.json.workflows.map((workflow: { id: string }) => workflow.id));
      cursor = page.json.nextCursor;
    }
    expect(seen).toEqual(ids);
    const offset = await rest.get("/workflow-executions?queue=list&limit=2&offset=5");
    expect(offset.json.workflows.map((workflow: { id: string }) => workflow.id)).toEqual(ids.slice(5));
    expect((await rest.get("/workflow-executions?queue=list&kind=odd&status=PENDING")).json.total).toBe(3);
    expect((await rest.get("/workflow-executions?queue=list&status=FAILED")).json.workflows).toEqual([]);
    expectProblem(await rest.get("/workflow-executions?status=DONE"), 400, "InvalidInput");
    expectProblem(await rest.get("/workflow-executions?limit=101"), 400, "InvalidInput");
    expectProblem(await rest.get("/workflow-executions?cursor=nope"), 400, "InvalidInput");
  });
});

test("task executions: submit, get, until it has completed", async () => {
  const rest = use.rest();
  const client = use.client();
  const submitted = await rest.post("/task-executions", {
    kind: "resize",
    queue: "rest-tasks",
    input: [1],
    maxRetries: 1,
  });
  expect(submitted.status).toBe(201);
  expect(submitted.json).toMatchObject({ kind: "resize", status: "PENDING", maxRetries: 1, workflowExecutionId: null });
  const { id } = submitted.json;
  const task = await claimTask(client, { queue: "rest-tasks" });
  expect(task).toMatchObject({ taskExecutionId: id, workflowExecutionId: "", executionCount: 1 });
  expect((await rest.get(`/task-executions/${id}`)).json).toMatchObject({ status: "RUNNING", executionCount: 1 });
  await client.completeTask({ taskExecutionId: id, output: Buffer.from('{"w":1}') });
  const done = (await rest.get(`/task-executions/${id}`)).json;
  expect(done).toMatchObject({ status: "COMPLETED", input: [1], output: { w: 1 }, error: null });
});

describe("refusals are problems", () => {
  test.each([
    ["no key", undefined],
    ["an unknown key", "flovyn_sk_test_nobody"],
  ])("%s: 401 on every route", async (_name, key) => {
    const rest = use.rest(0, { key });
    for (const path of ["/workflow-executions", `/workflow-executions/${unknownId}`, `/task-executions/${unknownId}`]) {
      expectProblem(await rest.get(path), 401, "Unauthenticated");
    }
    expectProblem(await rest.post("/workflow-executions", { kind: "k" }), 401, "Unauthenticated");
    expectProblem(await rest.post("/task-executions", { kind: "k" }), 401, "Unauthenticated");
  });

  test("the slug of another org, and one that nobody has, look the same", async () => {
    const { otherOrg } = use.cluster;
    const answers = [];
    for (const slug of [otherOrg.slug, "no-such-org"]) {
      const rest = use.rest(0, { slug });
      for (const answer of [
        await rest.get("/workflow-executions"),
        await rest.post("/workflow-executions", { kind: "k" }),
      ]) {
        expectProblem(answer, 404, "NotFound");
        answers.push(answer.json.error);
      }
    }
    expect(new Set(answers).size).toBe(1);
  });

  test("executions of another org, and ones that do not exist, look the same", async () => {
    const { json } = await use.rest().post("/workflow-executions", { kind: "k", queue: "rest" });
    const task = (await use.rest().post("/task-executions", { kind: "k", queue: "rest" })).json.id;
    const foreign = use.rest(0, { org: use.cluster.otherOrg });
    for (const id of [json.workflowExecutionId, unknownId]) {
      expectProblem(await foreign.get(`/workflow-executions/${id}`), 404, "NotFound");
      expectProblem(await foreign.get(`/workflow-executions/${id}/events`), 404, "NotFound");
    }
    for (const id of [task, unknownId]) expectProblem(await foreign.get(`/task-executions/${id}`), 404, "NotFound");
  });

  test("an id that is none: 400", async () => {
    for (const path of ["/workflow-executions/nope", "/workflow-executions/nope/events", "/task-executions/nope"]) {
      const answer = await use.rest().get(path);
      expectProblem(answer, 400, "InvalidInput");
      expect(answer.json.field).toBe("id");
    }
  });

  test("a route that does not exist: 404 as JSON, so that pollers of results do not read a page", async () => {
    expectProblem(await use.rest().get("/no-such-thing"), 404, "NotFound");
  });
});

describe("polling the events for the result, as the TypeScript SDK does", () => {
  interface Terminal {
    eventType: string;
    data: { output?: unknown; error?: string; reason?: string };
  }

  /** Anything but a 2xx means "not yet"; the last terminal event decides. */
  async function poll(id: string): Promise<Terminal | undefined> {
    const { status, json } = await use.rest().get(`/workflow-executions/${id}/events`);
    if (status < 200 || status >= 300) return undefined;
    const terminal = ["WORKFLOW_COMPLETED", "WORKFLOW_EXECUTION_FAILED", "WORKFLOW_FAILED", "WORKFLOW_CANCELLED"];
    return json.events.findLast((event: Terminal) => terminal.includes(event.eventType));
  }

  test("an output, and an error", async () => {
    const queue = "results";
    const client = use.client(0, { token: use.cluster.org.userKey });
    const worker = new RawWorker({
      client: use.client(),
      workerId: "worker",
      queue,
      slots: 1,
      runWorkflow: async ({ kind }) => (kind === "good" ? completed('{"sum":7}') : failed("Error: bad luck")),
    });
    const good = await client.startWorkflow({ workflowKind: "good", queue });
    const bad = await client.startWorkflow({ workflowKind: "bad", queue });
    const output = await waitFor("the output", () => poll(good.workflowExecutionId));
    expect(output).toMatchObject({ eventType: "WORKFLOW_COMPLETED", data: { output: { sum: 7 } } });
    const error = await waitFor("the error", () => poll(bad.workflowExecutionId));
    expect(error).toMatchObject({ eventType: "WORKFLOW_EXECUTION_FAILED", data: { error: "Error: bad luck" } });
    await worker.stop();
    expect(await poll(unknownId)).toBeUndefined();
  });

  test("nothing while it waits", async () => {
    const queue = "waiting";
    const client = use.client();
    const { workflowExecutionId } = await client.startWorkflow({ workflowKind: "waits", queue });
    await claimWorkflow(client, { queue });
    const task = scheduleTask({ id: crypto.randomUUID(), kind: "never" });
    await client.submitCommands({ workflowExecutionId, ...suspended(task) });
    expect(await poll(workflowExecutionId)).toBeUndefined();
    expect((await use.rest().get(`/workflow-executions/${workflowExecutionId}`)).json.status).toBe("WAITING");
  });
});

test("health needs no key; its details and metrics are on the ops port alone", async () => {
  for (const service of ["gateway", "dispatch", "tasks"] as const) {
    const { opsUrl } = use.cluster.replica(service, 0);
    for (const path of ["/_/health", "/live", "/ready", "/metrics"]) {
      expect([service, path, (await fetch(`${opsUrl}${path}`)).status]).toEqual([service, path, 200]);
    }
    expect(await (await fetch(`${opsUrl}/ready`)).json()).toMatchObject({ checks: expect.any(Array) });
  }
  const { httpUrl } = use.cluster.replica("gateway", 0);
  for (const path of ["/_/health", "/live", "/ready"]) {
    const answer = await fetch(`${httpUrl}${path}`);
    expect([path, answer.status, await answer.json()]).toEqual([path, 200, { status: "UP" }]);
  }
  expect((await fetch(`${httpUrl}/metrics`)).status).toBe(401);
});
