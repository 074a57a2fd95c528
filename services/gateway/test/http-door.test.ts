import { DomainError, type ErrorCode, errorCodes, invalidField } from "@flovyn/domain";
import {
  GetTaskRequest,
  GetWorkflowRequest,
  ListEventsRequest,
  ListEventsResponse,
  ListWorkflowsRequest,
  ListWorkflowsResponse,
  TaskView,
  WorkflowView,
} from "@flovyn/proto/internal";
import { StartWorkflowRequest, StartWorkflowResponse, SubmitTaskRequest, SubmitTaskResponse } from "@flovyn/proto/v1";
import { type HttpProblem, httpStatusOf } from "@flovyn/runtime";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { GatewayHarness, org, otherKey, testConfig, userKey } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";
import { concretePath } from "./openapi-routes.js";

const start = "flovyn.v1.WorkflowDispatch/StartWorkflow";
const submit = "flovyn.v1.TaskExecution/SubmitTask";
const id = "0190a5c0-0000-7000-8000-00000000000a";
const base = "/api/orgs/acme";
const createdAtMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const createdAt = "2026-01-02T03:04:05.678Z";

/** What JSON.parse and JSON.stringify would change. */
const hardPayload = `{ "big": 9007199254740993, "float": 1.0, "nul": "\\u0000", "lone": "\\ud800", "dup": 1, "dup": 2,
  "deep": ${"[".repeat(5000)}${"]".repeat(5000)} }`;

let harness: GatewayHarness;
let view: WorkflowView;
let task: TaskView;

beforeAll(async () => {
  harness = await GatewayHarness.start();
});

afterAll(() => harness.stop());

beforeEach(() => {
  harness.services.requests.length = 0;
  view = WorkflowView.fromPartial({
    id,
    orgId: org.id,
    kind: "order",
    status: "RUNNING",
    queue: "default",
    input: Buffer.from(hardPayload),
    currentSequence: 3,
    run: 1,
    partitionKey: 24,
    priorityMs: 5000,
    metadata: '{"team":"a"}',
    createdAtMs,
    updatedAtMs: createdAtMs,
    rootExecutionId: id,
  });
  task = TaskView.fromPartial({
    id,
    orgId: org.id,
    kind: "charge",
    status: "COMPLETED",
    queue: "default",
    input: Buffer.from(hardPayload),
    output: Buffer.from("1.0"),
    executionCount: 2,
    maxRetries: 3,
    progress: 0.5,
    createdAtMs,
    startedAtMs: createdAtMs,
    completedAtMs: createdAtMs,
    partitionKey: 24,
    rootExecutionId: id,
  });
  const { services } = harness;
  answerOrgs(services);
  services.answer("internal/GetWorkflow", () => WorkflowView.encode(view).finish());
  services.answer("internal/GetTask", () => TaskView.encode(task).finish());
  services.answer(
    start,
    StartWorkflowResponse.encode({
      workflowExecutionId: id,
      idempotencyKeyUsed: false,
      idempotencyKeyNew: true,
    }).finish(),
  );
  services.answer(
    submit,
    SubmitTaskResponse.encode({ taskExecutionId: id, idempotencyKeyUsed: false, idempotencyKeyNew: true }).finish(),
  );
});

interface Page {
  workflows: Record<string, unknown>[];
}

interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, { operationId?: string }>>;
}

const problemOf = async (response: Response) => (await response.json()) as HttpProblem;

const post = (path: string, body: string | Uint8Array, key?: string) =>
  harness.fetch(path, { method: "POST", body, headers: { "content-type": "application/json" }, key });

function asked<Message>(operation: string, codec: { decode(bytes: Uint8Array): Message }): Message[] {
  return harness.services.of(operation).map(({ payload }) => codec.decode(payload));
}

describe("workflow executions", () => {
  it("starts one with the input byte for byte and the defaults of the contract", async () => {
    const response = await post(`${base}/workflow-executions`, `{"kind":"order","input": ${hardPayload} }`);
    expect(response.status).toBe(201);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual({
      workflowExecutionId: id,
      executionId: `{fp:24}:${id}`,
      partition: 24,
      status: "RUNNING",
      kind: "order",
      createdAt,
      links: { self: `${base}/workflow-executions/${id}`, events: `${base}/workflow-executions/${id}/events` },
      idempotencyKeyUsed: false,
      idempotencyKeyNew: false,
    });
    const [request] = asked(start, StartWorkflowRequest);
    expect(request?.input.toString()).toBe(hardPayload);
    expect(request).toMatchObject({ orgId: org.id, workflowKind: "order", queue: "default", prioritySeconds: 0 });
    expect(request?.idempotencyKey).toBeUndefined();
    expect(harness.services.of(start)[0]?.caller).toMatchObject({ orgId: org.id, principalType: "User" });
  });

  it("passes every member on, and answers 200 when the key found an existing one", async () => {
    harness.services.answer(
      start,
      StartWorkflowResponse.encode({
        workflowExecutionId: id,
        idempotencyKeyUsed: true,
        idempotencyKeyNew: false,
      }).finish(),
    );
    const response = await post(
      `${base}/workflow-executions`,
      JSON.stringify({
        kind: "order",
        queue: "fast",
        prioritySeconds: 10,
        version: "1.0.0",
        delayUntil: "2027-01-31T09:00:00+01:00",
        idempotencyKey: "order-1",
        idempotencyKeyTTL: "30d",
        metadata: { team: "a" },
      }),
    );
    expect(response.status).toBe(200);
    const [request] = asked(start, StartWorkflowRequest);
    expect(request?.input.toString()).toBe("{}");
    expect(request).toMatchObject({
      delayUntilMs: Date.UTC(2027, 0, 31, 8),
      queue: "fast",
      prioritySeconds: 10,
      workflowVersion: "1.0.0",
      idempotencyKey: "order-1",
      idempotencyKeyTtlSeconds: 2_592_000,
      metadata: { team: "a" },
    });
  });

  it.each([
    ["kind", "{}"],
    ["kind", '{"kind":" "}'],
    ["kind", '{"kind":7}'],
    ["queue", '{"kind":"k","queue":["q"]}'],
    ["queue", `{"kind":"k","queue":"${"q".repeat(101)}"}`],
    ["prioritySeconds", '{"kind":"k","prioritySeconds":1.5}'],
    ["prioritySeconds", '{"kind":"k","prioritySeconds":100000}'],
    ["version", '{"kind":"k","version":1}'],
    ["idempotencyKey", '{"kind":"k","idempotencyKey":""}'],
    ["idempotencyKeyTTL", '{"kind":"k","idempotencyKeyTTL":"1 day"}'],
    ["idempotencyKeyTTL", '{"kind":"k","idempotencyKeyTTL":"31d"}'],
    ["idempotencyKeyTTL", '{"kind":"k","idempotencyKeyTTL":"0s"}'],
    ["metadata", '{"kind":"k","metadata":[]}'],
    ["metadata.a", '{"kind":"k","metadata":{"a":1}}'],
    ["metadata", '{"kind":"k","metadata":{"_flovyn_a":"1"}}'],
    ["body", ""],
    ["body", "[]"],
    ["body", '{"kind":"k"'],
    ["input", `{"kind":"k","input":${"[".repeat(20_000)}${"]".repeat(20_000)}}`],
  ])("refuses a wrong %s by name and starts nothing", async (field, body) => {
    const response = await post(`${base}/workflow-executions`, body);
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ code: "InvalidInput", field, status: 400, retryable: false });
    expect(problem.detail).toContain(field);
    expect(asked(start, StartWorkflowRequest)).toHaveLength(0);
  });

  it("refuses a body that is not UTF-8", async () => {
    const response = await post(`${base}/workflow-executions`, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]));
    expect(await response.json()).toMatchObject({ status: 400, field: "body" });
  });

  it("takes an input at the limit and refuses a larger one, and a larger body, with the limit", async () => {
    const bodyOf = (size: number) => `{"kind":"order","input":"${"x".repeat(size - 2)}"}`;
    expect((await post(`${base}/workflow-executions`, bodyOf(1024 * 1024))).status).toBe(201);
    const larger = await post(`${base}/workflow-executions`, bodyOf(1024 * 1024 + 1));
    expect(larger.status).toBe(413);
    expect(await larger.json()).toMatchObject({ code: "PayloadTooLarge", field: "input" });
    const huge = await post(`${base}/workflow-executions`, bodyOf(5 * 1024 * 1024));
    expect(huge.status).toBe(413);
    expect((await problemOf(huge)).detail).toContain(String(1024 * 1024));
    expect((await harness.fetch(`${base}/workflow-executions/${id}`)).status).toBe(200);
  });

  it("shows one with its payloads byte for byte", async () => {
    view = { ...view, status: "COMPLETED", output: Buffer.from("[1.0, 9007199254740993]"), completedAtMs: createdAtMs };
    const response = await harness.fetch(`${base}/workflow-executions/${id}`);
    const text = await response.text();
    expect(text).toContain(`"input":${hardPayload}`);
    expect(text).toContain('"output":[1.0, 9007199254740993]');
    expect(JSON.parse(text)).toMatchObject({
      id,
      executionId: `{fp:24}:${id}`,
      partition: 24,
      orgId: org.id,
      kind: "order",
      workflowKind: "order",
      status: "COMPLETED",
      queue: "default",
      error: null,
      currentSequence: 3,
      workflowVersion: null,
      parentWorkflowExecutionId: null,
      workerId: null,
      metadata: { team: "a" },
      createdAt,
      startedAt: null,
      completedAt: createdAt,
      updatedAt: createdAt,
    });
  });

  it("takes ids in both forms and names what is wrong with others", async () => {
    const tagged = `%7Bfp:24%7D:${id}`;
    expect((await harness.fetch(`${base}/workflow-executions/${tagged}`)).status).toBe(200);
    expect(asked("internal/GetWorkflow", GetWorkflowRequest)).toEqual([{ id: `{fp:24}:${id}` }]);
    for (const [text, reason] of [
      ["nonsense", "INVALID_UUID"],
      [`%7Bfp:256%7D:${id}`, "INVALID_PARTITION"],
      [`%7Bfp:1:${id}`, "MISSING_TAG"],
    ]) {
      const response = await harness.fetch(`${base}/workflow-executions/${text}`);
      expect(await response.json()).toMatchObject({ status: 400, field: "id", reason });
    }
  });

  it("lists a page without payloads", async () => {
    harness.services.answer(
      "internal/ListWorkflows",
      ListWorkflowsResponse.encode({ workflows: [view], nextCursor: "next", total: 7 }).finish(),
    );
    const response = await harness.fetch(`${base}/workflow-executions?limit=1&status=RUNNING&kind=order&queue=default`);
    const page = (await response.json()) as Page;
    expect(page).toMatchObject({ total: 7, limit: 1, offset: 0, nextCursor: "next" });
    expect(page.workflows).toHaveLength(1);
    expect(page.workflows[0]).toMatchObject({ id, kind: "order" });
    expect(page.workflows[0]).not.toHaveProperty("input");
    await harness.fetch(`${base}/workflow-executions?cursor=next`);
    expect(asked("internal/ListWorkflows", ListWorkflowsRequest)).toEqual([
      { limit: 1, offset: 0, cursor: "", status: "RUNNING", kind: "order", queue: "default", activationFailing: false },
      { limit: 20, offset: 0, cursor: "next", status: "", kind: "", queue: "", activationFailing: false },
    ]);
  });

  it("shows and lists executions that workers cannot run, with why and until when", async () => {
    const failure = { reason: "DETERMINISM_VIOLATION", message: "no", eventSequence: 3, atMs: 0, nextTryAtMs: 1000 };
    view = { ...view, activationFailures: 4, lastActivationFailure: failure };
    const shown = await (await harness.fetch(`${base}/workflow-executions/${id}`)).json();
    expect(shown).toMatchObject({
      activationFailures: 4,
      lastActivationFailure: {
        ...{ reason: "DETERMINISM_VIOLATION", message: "no", eventSequence: 3 },
        ...{ at: "1970-01-01T00:00:00.000Z", nextTryAt: "1970-01-01T00:00:01.000Z" },
      },
    });
    harness.services.answer("internal/ListWorkflows", new Uint8Array(0));
    await harness.fetch(`${base}/workflow-executions?activationFailing=true`);
    expect(asked("internal/ListWorkflows", ListWorkflowsRequest)).toMatchObject([{ activationFailing: true }]);
  });

  it.each([
    ["limit", "limit=0"],
    ["limit", "limit=101"],
    ["limit", "limit=ten"],
    ["offset", "offset=-1"],
    ["offset", "offset=1&cursor=x"],
    ["status", "status=DONE"],
    ["activationFailing", "activationFailing=yes"],
  ])("refuses a wrong %s of a list by name", async (field, query) => {
    const response = await harness.fetch(`${base}/workflow-executions?${query}`);
    expect(await response.json()).toMatchObject({ status: 400, field });
  });

  it("shows events under both names of each fact, with their data byte for byte", async () => {
    const data = `{"output":${hardPayload}}`;
    const events = [{ sequence: 2, eventType: "OPERATION_COMPLETED", eventData: Buffer.from(data), createdAtMs }];
    harness.services.answer("internal/ListEvents", ListEventsResponse.encode({ events, nextCursor: "" }).finish());
    const text = await (await harness.fetch(`${base}/workflow-executions/${id}/events?sinceSequence=1`)).text();
    expect(text).toContain(`"data":${data}`);
    const [event] = JSON.parse(text).events;
    expect(event).toMatchObject({
      sequence: 2,
      sequenceNumber: 2,
      eventType: "OPERATION_COMPLETED",
      timestamp: createdAt,
      createdAt,
    });
    expect(asked("internal/ListEvents", ListEventsRequest)).toEqual([
      { workflowExecutionId: id, sinceSequence: 1, limit: 1000, cursor: "" },
    ]);
  });

  const page = (sequence: number, nextCursor: string) =>
    ListEventsResponse.encode({
      events: [sequence, sequence + 1].map((one) => ({
        ...{ sequence: one, eventType: "STATE_SET", eventData: Buffer.from(`{"n":${one}.0}`), createdAtMs },
      })),
      nextCursor,
    }).finish();
  const sequencesOf = (events: { sequence: number }[]) => events.map(({ sequence }) => sequence);

  it("shows one page of events with the cursor of the next when a limit or a cursor is given", async () => {
    const path = `${base}/workflow-executions/${id}/events`;
    for (const [query, request] of [
      ["limit=2", { sinceSequence: 0, limit: 2, cursor: "" }],
      ["limit=2&cursor=b", { sinceSequence: 0, limit: 2, cursor: "b" }],
      ["cursor=b", { sinceSequence: 0, limit: 1000, cursor: "b" }],
    ] as const) {
      harness.services.answer("internal/ListEvents", page(3, "c"));
      const body = JSON.parse(await (await harness.fetch(`${path}?${query}`)).text());
      expect(body.nextCursor).toBe("c");
      expect(sequencesOf(body.events)).toEqual([3, 4]);
      expect(asked("internal/ListEvents", ListEventsRequest).at(-1)).toEqual({ workflowExecutionId: id, ...request });
    }
  });

  it("shows all events, page by page, when neither is given", async () => {
    const pages: Record<string, Uint8Array> = { "": page(1, "b"), b: page(3, "c"), c: page(5, "") };
    harness.services.answer("internal/ListEvents", ({ payload }) => {
      return pages[ListEventsRequest.decode(payload).cursor] as Uint8Array;
    });
    const text = await (await harness.fetch(`${base}/workflow-executions/${id}/events`)).text();
    expect(text).toContain('"data":{"n":4.0}');
    const body = JSON.parse(text);
    expect(sequencesOf(body.events)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(body.nextCursor).toBeNull();
    const cursors = asked("internal/ListEvents", ListEventsRequest).map(({ cursor }) => cursor);
    expect(cursors).toEqual(["", "b", "c"]);
  });

  it("cuts the answer off when a later page of all events cannot be read", async () => {
    harness.services.answer("internal/ListEvents", ({ payload }) => {
      if (ListEventsRequest.decode(payload).cursor === "") return page(1, "b");
      throw new DomainError("Unavailable", "the database cannot be reached");
    });
    const response = await harness.fetch(`${base}/workflow-executions/${id}/events`);
    await expect(response.text()).rejects.toThrow();
  });

  it.each([
    ["limit", "limit=0"],
    ["limit", "limit=1001"],
    ["sinceSequence", "sinceSequence=1&cursor=x"],
    ["cursor", `cursor=${"x".repeat(513)}`],
  ])("refuses a wrong %s of a history by name", async (field, query) => {
    const response = await harness.fetch(`${base}/workflow-executions/${id}/events?${query}`);
    expect(await response.json()).toMatchObject({ status: 400, field });
  });
});

describe("task executions", () => {
  it("submits one with the input byte for byte, and shows it", async () => {
    const response = await post(`${base}/task-executions`, `{"kind":"charge","input":${hardPayload},"maxRetries":0}`);
    expect(response.status).toBe(201);
    const text = await response.text();
    expect(text).toContain(`"input":${hardPayload}`);
    expect(text).toContain('"output":1.0');
    expect(JSON.parse(text)).toMatchObject({ id, progress: 0.5, idempotencyKeyUsed: false, idempotencyKeyNew: false });
    expect(asked(submit, SubmitTaskRequest)[0]).toMatchObject({ kind: "charge", maxRetries: 0, queue: "default" });
    await post(`${base}/task-executions`, '{"kind":"charge","idempotencyKey":"k"}');
    expect(asked(submit, SubmitTaskRequest)[1]).toMatchObject({ maxRetries: 3, idempotencyKey: "k" });
    const shown = await harness.fetch(`${base}/task-executions/${id}`);
    expect(await shown.json()).toMatchObject({ id, executionCount: 2, workflowExecutionId: null });
    expect(asked("internal/GetTask", GetTaskRequest).at(-1)).toEqual({ id });
  });

  it("refuses more retries than the limit, and passes a conflict on", async () => {
    const refused = await post(`${base}/task-executions`, '{"kind":"charge","maxRetries":11}');
    const problem = await problemOf(refused);
    expect(problem).toMatchObject({ status: 400, field: "maxRetries" });
    expect(problem.detail).toContain("10");
    harness.services.fail(submit, new DomainError("AlreadyExists", "the key is used by another kind"));
    expect((await post(`${base}/task-executions`, '{"kind":"charge"}')).status).toBe(409);
  });
});

describe("callers and orgs", () => {
  const path = `/workflow-executions/${id}`;

  it("refuses callers without a valid key on every route below /api/orgs", async () => {
    for (const key of ["", "wrong"]) {
      const response = await harness.fetch(`${base}${path}`, { key });
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(await response.json()).toMatchObject({ code: "Unauthenticated" });
    }
    expect((await harness.fetch(`${base}/nonsense`, { key: "" })).status).toBe(401);
    // What is told of the refusals goes out by the clock.
    const asked = harness.services.requests.filter(({ operation }) => operation !== "internal/RecordAudit");
    expect(asked).toEqual([]);
  });

  it("answers the same for an org that does not exist and for one of others", async () => {
    const answers = await Promise.all(
      ["other", "nobody", "No-Slug", "%00"].map(async (slug) => {
        const response = await harness.fetch(`/api/orgs/${slug}${path}`);
        const { instance: _instance, ...problem } = await problemOf(response);
        return problem;
      }),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 404, code: "NotFound" });
    expect((await harness.fetch(`/api/orgs/other${path}`, { key: otherKey })).status).toBe(200);
  });

  it("serves the older name of the routes", async () => {
    expect((await harness.fetch(`/api/tenants/acme${path}`)).status).toBe(200);
    const started = await post("/api/tenants/acme/workflow-executions", '{"kind":"order"}');
    expect(await started.json()).toMatchObject({ links: { self: `/api/tenants/acme${path}` } });
  });

  it("resolves a slug once a minute", async () => {
    await harness.fetch(`${base}${path}`);
    harness.services.requests.length = 0;
    await harness.fetch(`${base}${path}`);
    expect(harness.services.of("internal/ResolveOrg")).toEqual([]);
  });
});

describe("problems", () => {
  it.each(errorCodes.map((code) => [code]))("%s becomes its status", async (code: ErrorCode) => {
    harness.services.fail("internal/GetWorkflow", new DomainError(code, "of trouble", { reason: "SOME_REASON" }));
    const response = await harness.fetch(`${base}/workflow-executions/${id}`, {
      headers: { "x-request-id": "mine-1" },
    });
    expect(response.status).toBe(httpStatusOf(code));
    expect(response.headers.get("x-request-id")).toBe("mine-1");
    expect(await response.json()).toMatchObject({
      code,
      error: "of trouble",
      detail: "of trouble",
      reason: "SOME_REASON",
      instance: "mine-1",
    });
  });

  it("tells nothing of a bug", async () => {
    harness.services.fail("internal/GetWorkflow", new Error("select secret"));
    const response = await harness.fetch(`${base}/workflow-executions/${id}`, { headers: { "x-request-id": "a b" } });
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("secret");
    expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("pass on how a task is retried and when it has to end", async () => {
    const retry = { strategy: "fixed", baseMs: 500 };
    await post(`${base}/task-executions`, JSON.stringify({ kind: "charge", retry, timeoutMs: 60_000 }));
    const [request] = asked("flovyn.v1.TaskExecution/SubmitTask", SubmitTaskRequest);
    expect(request).toMatchObject({ retryPolicy: JSON.stringify(retry), timeoutMs: 60_000 });
    for (const [body, field] of [
      [{ kind: "charge", timeoutMs: 0 }, "timeoutMs"],
      [{ kind: "charge", retry: { strategy: "weird" } }, "retry.strategy"],
      [{ kind: "charge", retry: { bseMs: 1 } }, "retry.bseMs"],
    ] as const) {
      const refused = await post(`${base}/task-executions`, JSON.stringify(body));
      expect(await refused.json()).toMatchObject({ status: 400, field });
    }
    const delayed = await post(`${base}/workflow-executions`, '{"kind":"order","delayUntil":"tomorrow"}');
    expect(await delayed.json()).toMatchObject({ status: 400, field: "delayUntil" });
  });

  it("name the fields of a service's errors as REST does", async () => {
    harness.services.fail(start, invalidField("idempotency_key", "is held by a task"));
    const response = await post(`${base}/workflow-executions`, '{"kind":"order","idempotencyKey":"k"}');
    const detail = "idempotencyKey: is held by a task";
    expect(await response.json()).toMatchObject({ status: 400, field: "idempotencyKey", detail });
  });

  it("answers unknown routes and methods as problems", async () => {
    for (const path of ["/nothing", "/api", `${base}/nonsense`, `${base}/workflow-executions/${id}/nonsense`]) {
      const response = await harness.fetch(path);
      expect([path, response.status, response.headers.get("content-type")]).toEqual([
        path,
        404,
        "application/problem+json",
      ]);
    }
    const response = await harness.fetch(`${base}/workflow-executions/${id}`, { method: "DELETE" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD");
    expect(await response.json()).toMatchObject({ status: 405, code: "MethodNotAllowed" });
    expect((await harness.fetch("/_/health", { method: "POST", key: "" })).status).toBe(405);
  });
});

describe("operators", () => {
  it("see health without a key, and figures without ids", async () => {
    const response = await harness.fetch("/_/health", { key: "" });
    expect([response.status, await response.json()]).toMatchObject([200, { status: "UP" }]);
    for (const path of ["/live", "/ready", "/_/health/live", "/_/health/ready", "/_/health/startup"]) {
      expect([path, (await harness.fetch(path, { key: "" })).status]).toEqual([path, 200]);
    }
    await harness.fetch(`${base}/workflow-executions/${id}`);
    const figures = await harness.figures();
    expect(figures).toMatch(/flovyn_gateway_http_requests_total\{route="\/api\/orgs\/:slug\/workflow-executions\/:id"/);
    expect(figures).not.toContain(id);
  });
});

describe("OpenAPI", () => {
  it("describes every route that answers", async () => {
    const response = await harness.fetch("/api/docs/openapi.json", { key: "" });
    const document = (await response.json()) as OpenApi;
    expect(document.openapi).toBe("3.0.3");
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    const routes = ["/api/orgs/{slug}", "/api/tenants/{slug}"].flatMap((prefix) => [
      `post ${prefix}/workflow-executions`,
      `get ${prefix}/workflow-executions`,
      `get ${prefix}/workflow-executions/{id}`,
      `get ${prefix}/workflow-executions/{id}/events`,
      `post ${prefix}/task-executions`,
      `get ${prefix}/task-executions/{id}`,
    ]);
    expect(described).toEqual(
      expect.arrayContaining([...routes, "get /_/health", "get /metrics", "get /api/docs/openapi.json"]),
    );
    for (const entry of described) {
      const [method = "", path = ""] = entry.split(" ");
      const status = (await harness.fetch(concretePath(path), { method: method.toUpperCase() })).status;
      expect([entry, status === 404 || status === 405]).toEqual([entry, false]);
    }
    const ids = Object.values(document.paths)
      .flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId))
      .filter((operationId) => operationId !== undefined);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("asks for a key when the configuration excludes other paths", async () => {
    const keys = [{ key: userKey, org_id: org.id, principal_type: "User", principal_id: "user:test" }];
    const endpoints = { http: { exclude_paths: ["/_/health*"] } };
    const closed = await GatewayHarness.start(testConfig({ auth: { static_api_key: { keys }, endpoints } }));
    try {
      expect((await closed.fetch("/api/docs/openapi.json", { key: "" })).status).toBe(401);
      expect((await closed.fetch("/api/docs/openapi.json")).status).toBe(200);
      expect((await closed.fetch("/_/health", { key: "" })).status).toBe(200);
    } finally {
      await closed.stop();
    }
  });
});
