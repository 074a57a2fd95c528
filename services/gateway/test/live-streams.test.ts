import { get } from "node:http";
import { lifecycleSubject, streamSubject } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import {
  GetTaskRequest,
  GetWorkflowRequest,
  LifecycleEvent,
  LifecycleHint,
  StreamHint,
  TaskView,
  WorkflowView,
} from "@flovyn/proto/internal";
import { waitFor } from "@flovyn/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GatewayHarness, org, otherKey, otherOrg, userKey } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";
import { openStream, readEvents, SseClient } from "./sse-client.js";

const id = (last: string) => `0190a5c0-0000-7000-8000-0000000000${last}`;
const [workflow, child, grandchild, other] = [id("a0"), id("a1"), id("a2"), id("a3")] as const;
const [task, standalone] = [id("b0"), id("b1")] as const;
const base = "/api/orgs/acme";

let harness: GatewayHarness;

beforeEach(async () => {
  harness = await GatewayHarness.start();
  const { services } = harness;
  answerOrgs(services);
  services.answer("internal/GetWorkflow", ({ payload, caller }) => {
    const wanted = GetWorkflowRequest.decode(payload).id;
    if (!wanted.endsWith(workflow) || caller.orgId !== org.id) throw new DomainError("NotFound", "there is none");
    return WorkflowView.encode(WorkflowView.fromPartial({ id: workflow })).finish();
  });
  services.answer("internal/GetTask", ({ payload, caller }) => {
    const wanted = GetTaskRequest.decode(payload).id;
    if (![task, standalone].includes(wanted as never) || caller.orgId !== org.id) {
      throw new DomainError("NotFound", "there is none");
    }
    const view = { id: wanted, ...(wanted === task && { workflowExecutionId: workflow }) };
    return TaskView.encode(TaskView.fromPartial(view)).finish();
  });
});

afterEach(() => harness.stop());

const watch = (path: string) => SseClient.open(harness.url(base + path), userKey);
const ofWorkflow = (query = "") => watch(`/workflow-executions/${workflow}/stream${query}`);
const ofFamily = (query = "") => watch(`/workflow-executions/${workflow}/stream/consolidated${query}`);
const ofTask = (taskId: string) => watch(`/task-executions/${taskId}/stream`);

/** A task streams. */
function chunk(type: string, payload: object | string, from: Partial<StreamHint> = {}, orgId = org.id): void {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  const hint = StreamHint.fromPartial({ workflowExecutionId: workflow, taskExecutionId: task, ...from, type });
  const subject = streamSubject(orgId, hint.workflowExecutionId || hint.taskExecutionId);
  harness.services.bus.hint(subject, StreamHint.encode({ ...hint, payload: text }).finish());
}

const token = (text: string, from?: Partial<StreamHint>) => chunk("token", { type: "token", text }, from);

/** Something happens to executions of the org. */
function happens(...events: Partial<LifecycleEvent>[]): void {
  const full = events.map((event) =>
    LifecycleEvent.fromPartial({ workflowExecutionId: workflow, kind: "order", status: "RUNNING", ...event }),
  );
  harness.services.bus.hint(lifecycleSubject(org.id), LifecycleHint.encode({ events: full }).finish());
}

const hintsReceived = () => harness.services.bus.flush();

describe("the stream of a workflow", () => {
  it("tells what happens to it and what its tasks stream, under the four names", async () => {
    const stream = await ofWorkflow();
    expect(stream.response.headers["content-type"]).toContain("text/event-stream");
    happens({ event: "WORKFLOW_STARTED", workerId: "w", timestampMs: 5 });
    token("Hel\nlo ");
    token("");
    chunk("progress", { type: "progress", progress: 0.5, details: "half" });
    const data = '{"type":"data","data":{"big":9007199254740993,"float":1.0}}';
    chunk("data", data);
    chunk("error", { type: "error", message: "slow", code: "E1" });
    happens({ event: "WORKFLOW_FAILED", status: "FAILED", error: "no", timestampMs: 6 });
    const events = await stream.take(7);
    expect(events.map(({ name }) => name)).toEqual(["data", "token", "token", "progress", "data", "error", "data"]);
    expect(JSON.parse(events[0]?.data ?? "")).toEqual({
      type: "Event",
      event: "WORKFLOW_STARTED",
      data: { id: workflow, kind: "order", status: "RUNNING", workerId: "w" },
      timestampMs: 5,
    });
    expect(events.slice(1, 6).map((event) => event.data)).toEqual([
      "Hel\nlo ",
      "",
      "0.5",
      data,
      '{"type":"error","message":"slow","code":"E1"}',
    ]);
    expect(JSON.parse(events[6]?.data ?? "")).toMatchObject({ event: "WORKFLOW_FAILED", data: { error: "no" } });
    expect(stream.comments).toEqual(["connected"]);
    expect(stream.ended).toBe(false);
  });

  it("pitfall 30: tells why it suspended", async () => {
    const stream = await ofWorkflow();
    happens({ event: "WORKFLOW_SUSPENDED", status: "WAITING", suspendType: "signal" }, { event: "WORKFLOW_RESUMED" });
    const [suspended, resumed] = (await stream.take(2)).map(({ data }) => JSON.parse(data));
    expect(suspended).toMatchObject({ event: "WORKFLOW_SUSPENDED", data: { suspendType: "signal" } });
    expect(resumed.event).toBe("WORKFLOW_RESUMED");
  });

  it("does not tell of other workflows, of its children, or of another org", async () => {
    const stream = await ofWorkflow();
    happens({ event: "WORKFLOW_STARTED", workflowExecutionId: other });
    happens({ event: "WORKFLOW_STARTED", workflowExecutionId: child, parentWorkflowExecutionId: workflow });
    token("other", { workflowExecutionId: other });
    chunk("token", { type: "token", text: "foreign" }, {}, otherOrg.id);
    token("mine");
    expect(await stream.take(1)).toEqual([{ name: "token", data: "mine" }]);
    expect(stream.events).toEqual([]);
  });

  it.each([
    ["events", ["data Event"]],
    ["tokens", ["token t"]],
    ["progress,errors", ["progress 1", "error e"]],
    ["data", ["data d"]],
    ["", ["data Event", "token t", "progress 1", "data d", "error e"]],
  ])("sends only the wanted types: %j", async (types, wanted) => {
    const stream = await ofWorkflow(`?types=${types}`);
    happens({ event: "WORKFLOW_RESUMED" });
    token("t");
    chunk("progress", { type: "progress", progress: 1 });
    chunk("data", { type: "data", data: "d" });
    chunk("error", { type: "error", message: "e" });
    await hintsReceived();
    const seen = (await stream.take(wanted.length)).map(({ name, data }) => {
      const parsed = data.startsWith("{") ? JSON.parse(data) : data;
      const short = parsed.type === "data" ? parsed.data : parsed.type === "error" ? parsed.message : parsed.type;
      return `${name} ${short ?? data}`;
    });
    expect(seen.sort()).toEqual([...wanted].sort());
    expect(stream.events).toEqual([]);
  });

  it("shows chunks of another shape as they are, and goes on after those that cannot be read", async () => {
    const stream = await ofWorkflow();
    chunk("token", '{"text":7}');
    chunk("progress", '{"progress":"half"}');
    chunk("token", "not JSON");
    chunk("later", {});
    harness.services.bus.hint(streamSubject(org.id, workflow), Buffer.from([0xff]));
    harness.services.bus.hint(lifecycleSubject(org.id), Buffer.from([0xff]));
    token("still here");
    expect(await stream.take(3)).toEqual([
      { name: "token", data: '{"text":7}' },
      { name: "progress", data: '{"progress":"half"}' },
      { name: "token", data: "still here" },
    ]);
  });
});

describe("the consolidated stream", () => {
  it("adds children as they appear, each event with the execution it is about", async () => {
    const stream = await ofFamily();
    token("before anybody knows of the child", { workflowExecutionId: child });
    happens({ event: "WORKFLOW_CREATED", workflowExecutionId: child, parentWorkflowExecutionId: workflow });
    await stream.take(1);
    happens({ event: "WORKFLOW_CREATED", workflowExecutionId: grandchild, parentWorkflowExecutionId: child });
    happens({ event: "WORKFLOW_CREATED", workflowExecutionId: other });
    await stream.take(1);
    token("c", { workflowExecutionId: child });
    chunk("progress", { type: "progress", progress: 0.5 }, { workflowExecutionId: grandchild });
    chunk("data", '{"type":"data","data":1.0}');
    // Claims do not name the parent.
    happens({ event: "WORKFLOW_STARTED", workflowExecutionId: child });
    const events = await stream.take(4);
    expect(events.slice(0, 3)).toEqual([
      { name: "token", data: `{"workflowExecutionId":"${child}","data":"c"}`, id: `${child}:3` },
      { name: "progress", data: `{"workflowExecutionId":"${grandchild}","data":0.5}`, id: `${grandchild}:4` },
      {
        name: "data",
        data: `{"workflowExecutionId":"${workflow}","data":{"type":"data","data":1.0}}`,
        id: `${workflow}:5`,
      },
    ]);
    expect(JSON.parse(events[3]?.data ?? "")).toMatchObject({
      workflowExecutionId: child,
      data: { type: "Event", event: "WORKFLOW_STARTED", data: { id: child } },
    });
    expect(stream.events).toEqual([]);
  });

  it("learns of children also when nobody asked for events", async () => {
    const stream = await ofFamily("?types=tokens");
    happens({ event: "WORKFLOW_CREATED", workflowExecutionId: child, parentWorkflowExecutionId: workflow });
    await hintsReceived();
    token("c", { workflowExecutionId: child });
    expect(JSON.parse((await stream.take(1))[0]?.data ?? "")).toEqual({ workflowExecutionId: child, data: "c" });
  });
});

describe("the stream of a task", () => {
  it("pitfall 28: a standalone task tells its start, progress and end under its own id", async () => {
    const stream = await ofTask(standalone);
    const own = { workflowExecutionId: "", taskExecutionId: standalone };
    happens({ workflowExecutionId: standalone, event: "TASK_STARTED", kind: "charge" });
    await stream.take(1);
    // Pitfall 29: one event for each report.
    for (const progress of [0.25, 0.25, 1]) chunk("progress", { type: "progress", progress }, own);
    token("t", own);
    chunk("error", { type: "error", message: "e" }, own);
    chunk("data", { type: "data", data: null }, own);
    expect((await stream.take(6)).map(({ name, data }) => `${name} ${data}`)).toEqual([
      "progress 0.25",
      "progress 0.25",
      "progress 1",
      "token t",
      'error {"type":"error","message":"e"}',
      'data {"type":"data","data":null}',
    ]);
    happens({ workflowExecutionId: standalone, event: "TASK_COMPLETED", kind: "charge", status: "COMPLETED" });
    expect(JSON.parse((await stream.take(1))[0]?.data ?? "")).toMatchObject({
      type: "Event",
      event: "TASK_COMPLETED",
      data: { id: standalone, kind: "charge", status: "COMPLETED" },
    });
  });

  it("leaves out the other tasks of its workflow", async () => {
    const stream = await ofTask(task);
    token("other", { taskExecutionId: id("b2") });
    token("mine");
    expect(await stream.take(1)).toEqual([{ name: "token", data: "mine" }]);
  });
});

describe("who may watch what", () => {
  const paths = (execution: string) => [
    `/workflow-executions/${execution}/stream`,
    `/workflow-executions/${execution}/stream/consolidated`,
    `/task-executions/${execution}/stream`,
  ];
  const problem = async (path: string, key?: string) => {
    const response = await harness.fetch(path, key === undefined ? {} : { key });
    const { field } = (await response.json()) as { field?: string };
    return [response.status, field];
  };

  it("asks for a key first", async () => {
    for (const path of paths("nonsense")) expect(await problem(base + path, "")).toEqual([401, undefined]);
    expect(harness.services.of("internal/GetWorkflow")).toEqual([]);
  });

  it("refuses wrong ids and types, and knows nothing of other orgs", async () => {
    for (const path of paths("nonsense")) expect(await problem(base + path)).toEqual([400, "id"]);
    for (const path of paths(other)) expect((await problem(base + path))[0]).toBe(404);
    const known = [...paths(workflow).slice(0, 2), ...paths(standalone).slice(2)];
    for (const path of known) {
      expect(await problem(`${base}${path}?types=tokens,all`)).toEqual([400, "types"]);
      expect(await problem(`${base}${path}`, otherKey)).toEqual([404, "slug"]);
      expect((await problem(`/api/orgs/other${path}`, otherKey))[0]).toBe(404);
    }
  });

  it("answers HEAD without opening a stream", async () => {
    const response = await harness.fetch(`${base}/workflow-executions/${workflow}/stream`, { method: "HEAD" });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
    expect(await figure("flovyn_gateway_live_streams")).toBe(0);
  });
});

describe("the end of a stream", () => {
  it("comes with a comment when the gateway goes away, without delay", async () => {
    const streams = [await ofWorkflow(), await ofFamily(), await ofTask(standalone)];
    expect(await figure("flovyn_gateway_live_streams")).toBe(3);
    await harness.gateway.stop();
    for (const stream of streams) {
      await waitFor("the end", () => stream.ended);
      expect(stream.comments.at(-1)).toBe("closed: this server goes away, connect again");
    }
    expect(await figure("flovyn_gateway_live_streams_ended_total", { reason: "drain" })).toBe(3);
  });

  it("leaves nothing behind when the reader leaves", async () => {
    const [left, stayed] = [await ofFamily(), await ofWorkflow()];
    left.leave();
    await waitFor("the stream to end", async () => (await figure("flovyn_gateway_live_streams")) === 1);
    token("still");
    expect(await stayed.take(1)).toEqual([{ name: "token", data: "still" }]);
    stayed.leave();
    await waitFor("the last stream to end", async () => (await figure("flovyn_gateway_live_streams")) === 0);
    expect(await figure("flovyn_gateway_live_streams_ended_total", { reason: "left" })).toBe(2);
  });

  it("leaves nothing behind when the reader leaves before the stream is open", async () => {
    let answer = () => {};
    const asked = new Promise<void>((resolve) => {
      harness.services.answer("internal/GetWorkflow", async () => {
        resolve();
        await new Promise<void>((go) => {
          answer = go;
        });
        return WorkflowView.encode(WorkflowView.fromPartial({ id: workflow })).finish();
      });
    });
    const request = get(harness.url(`${base}/workflow-executions/${workflow}/stream`), {
      headers: { authorization: `Bearer ${userKey}` },
    });
    const broken = new Promise((resolve) => request.once("error", resolve));
    await asked;
    request.destroy();
    await broken;
    answer();
    const left = () => figure("flovyn_gateway_live_streams_ended_total", { reason: "left" });
    await waitFor("the stream to end", async () => (await left()) === 1);
    expect(await figure("flovyn_gateway_live_streams")).toBe(0);
  });

  it("comes to a slow reader with a comment, after all that was sent before", async () => {
    const url = harness.url(`${base}/workflow-executions/${workflow}/stream?types=tokens`);
    const response = await openStream(url, userKey);
    const text = "x".repeat(1024 * 1024);
    let sent = 0;
    const slow = () => figure("flovyn_gateway_live_streams_ended_total", { reason: "slow" });
    await waitFor("the reader to be found slow", async () => {
      token(`${sent} ${text}`);
      sent += 1;
      await hintsReceived();
      return (await slow()) === 1;
    });
    let received = "";
    response.setEncoding("utf8").on("data", (part: string) => {
      received += part;
    });
    await new Promise((resolve) => response.once("end", resolve));
    const { events, comments, rest } = readEvents(received);
    expect(rest).toBe("");
    expect(comments.at(-1)).toBe("closed: events came faster than they were read");
    expect(events.map(({ data }) => Number(data.slice(0, data.indexOf(" "))))).toEqual(events.map((_, index) => index));
    expect(events.length).toBe(sent - 1);
  });
});

/** What the metrics say. */
async function figure(name: string, labels: Record<string, string> = {}): Promise<number> {
  const metric = await harness.metrics.registry.getSingleMetric(name)?.get();
  const found = metric?.values.find((one) => Object.entries(labels).every(([key, value]) => one.labels[key] === value));
  return found?.value ?? 0;
}
