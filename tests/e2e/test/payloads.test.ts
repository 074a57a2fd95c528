/** Goal: payloads are opaque bytes of JSON text. What goes in at one door comes out at the other, character for character. */
import { expect, test } from "vitest";
import {
  completed,
  createPromise,
  recordOperation,
  resolvePromise,
  scheduleChild,
  scheduleTask,
  setState,
  suspended,
} from "../src/index.js";
import { SMALL, useCluster } from "./use-cluster.js";
import { waitForEvents } from "./wait-for-events.js";
import { activateOnce, claimTask, claimWorkflow } from "./wait-for-work.js";

const queue = "payloads";
const use = useCluster({ replicas: SMALL });

/** Each would come out differently if anything on the way parsed and printed it again. */
const payloads = [
  ["an integer above 2^53", "9007199254740993"],
  ["a float that is an integer", "1.0"],
  ["numbers in other notations", "[1e400,-0,1.10,1E+2,0.1e-7,123456789012345678901234567890]"],
  ["escapes", String.raw`"\u0000\u001f\/\ud83d\ude00\u00e9\n"`],
  ["a lone surrogate", String.raw`"\ud800"`],
  ["a key twice, keys out of order", '{"z":1,"a":2,"z":3,"__proto__":{"x":1},"10":0,"9":0}'],
  ["blanks", ' { "a" : [ 1 ,\t2 ] ,\r\n "b" : null } '],
  ["unicode", '"Grüße, 你好, שלום, 🎉🏳️‍🌈, \u2028\u2029\u0085"'],
  ["a nesting of 1,000 levels", `${"[".repeat(1000)}1.0${"]".repeat(1000)}`],
  ["a deep nesting of both kinds", `${"[".repeat(500)}${'{"a":'.repeat(200)}1.0${"}".repeat(200)}${"]".repeat(500)}`],
] as const;

/** The value of a member in JSON text that a server printed, found without parsing. */
function expectMember(text: string, member: string, value: string): void {
  expect(text).toContain(`"${member}":${value}`);
}

test.each(payloads)("%s survives both doors, workflow and task, history and views", async (_name, payload) => {
  const client = use.client();
  const rest = use.rest();
  const bytes = Buffer.from(payload);
  const viaGrpc = await client.startWorkflow({ workflowKind: "echo", queue, input: bytes });
  const posted = await rest.post("/workflow-executions", `{"kind":"echo","queue":"${queue}","input":${payload}}`);
  expect(posted.status).toBe(201);
  // Blanks around a member belong to the body, not to the value.
  const expected = new Map([
    [viaGrpc.workflowExecutionId, payload],
    [posted.json.workflowExecutionId, payload.trim()],
  ]);
  for (let claims = 0; claims < expected.size; claims++) {
    const execution = await claimWorkflow(client, { queue });
    const text = expected.get(execution.id) ?? "";
    expect(execution.input.toString()).toBe(text);
    const id = crypto.randomUUID();
    const commands = [
      recordOperation("step", text),
      setState("key", text),
      scheduleTask({ id, kind: "echo", input: text }),
    ];
    await client.submitCommands({ workflowExecutionId: execution.id, ...suspended(...commands) });
    const task = await claimTask(client, { queue });
    expect(task.input.toString()).toBe(text);
    await client.completeTask({ taskExecutionId: id, output: Buffer.from(text) });
    await claimWorkflow(client, { queue });
    await client.submitCommands({ workflowExecutionId: execution.id, ...completed(text) });

    const events = (await client.getEvents(execution.id)).map((event) => event.eventData.toString());
    const members = ["input", "result", "value", "input", "output", "output"];
    expect(events).toHaveLength(members.length);
    members.forEach((member, index) => {
      expectMember(events[index] ?? "", member, text);
    });
    const shown = [await rest.get(`/workflow-executions/${execution.id}`), await rest.get(`/task-executions/${id}`)];
    for (const view of shown) {
      expectMember(view.text, "input", text);
      expectMember(view.text, "output", text);
    }
    const history = await rest.get(`/workflow-executions/${execution.id}/events`);
    for (const data of events) expectMember(history.text, "data", data);
  }
});

test.each(payloads)("%s survives signals, promises, children, state and queries", async (_name, payload) => {
  const client = use.client();
  const rest = use.rest();
  const bytes = Buffer.from(payload);
  const trimmed = payload.trim();
  const [here, below] = [`${queue}-waits`, `${queue}-children`];
  const signalled = await client.signalWithStart({
    ...{ workflowId: crypto.randomUUID(), workflowKind: "echo", workflowInput: bytes, queue: here },
    ...{ signalName: "first", signalValue: bytes },
  });
  const id = signalled.workflowExecutionId;
  await client.signalWorkflow({ workflowExecutionId: id, signalName: "second", signalValue: bytes });
  const post = (path: string, body: string) => rest.post(path, body).then(({ status }) => expect(status).toBe(200));
  await post(`/workflow-executions/${id}/signal`, `{"signalName":"third","signalValue":${payload}}`);
  const started = await rest.post(
    "/workflow-executions/signal-with-start",
    `{"workflowId":"${id}","workflowKind":"echo","queue":"${queue}-rest","workflowInput":${payload},"signalName":"s","signalValue":${payload}}`,
  );
  expect(started.status).toBe(201);
  const restStart = (await client.getEvents(started.json.workflowExecutionId)).map((event) =>
    event.eventData.toString(),
  );
  expectMember(restStart[0] ?? "", "input", trimmed);
  expectMember(restStart[1] ?? "", "signalValue", trimmed);

  const child = scheduleChild({ id: crypto.randomUUID(), name: "c", kind: "echo", queue: below, input: bytes });
  const promises = ["grpc", "rest", "own"].map((name) => createPromise(name));
  const commands = [...promises, setState("key", payload), child, resolvePromise("own", payload)];
  expect((await activateOnce(client, here, suspended(...commands))).input.toString()).toBe(payload);
  const [created] = (await client.getEvents(id)).filter(({ eventType }) => eventType === "PROMISE_CREATED").slice(1);
  await client.resolvePromise({ promiseId: `${id}:grpc`, value: bytes });
  const promiseId = JSON.parse(created?.eventData.toString() ?? "").promiseId;
  await post(`/promises/id:${promiseId}/resolve`, `{"value":${payload}}`);
  expectMember((await rest.get(`/promises/id:${promiseId}`)).text, "value", trimmed);
  const outside = await client.startChildWorkflow({
    ...{ parentWorkflowExecutionId: id, childExecutionName: "outside", queue: below, input: bytes },
    workflowExecutionIdentifier: { $case: "workflowKind", value: "echo" },
  });
  const inputs = [
    await activateOnce(client, below, completed(bytes)),
    await activateOnce(client, below, completed(bytes)),
  ];
  expect(inputs.map(({ input }) => input.toString())).toEqual([payload, payload]);
  expect(inputs.map((one) => one.id)).toContain(outside.childWorkflowExecutionId);

  const query = (queryName: string) => client.queryWorkflow({ workflowExecutionId: id, queryName });
  expect((await query("key")).result.toString()).toBe(payload);
  expectMember((await query("__state")).result.toString(), "key", payload);
  expectMember((await rest.get(`/workflow-executions/${id}/state`)).text, "key", payload);
  expectMember((await rest.post(`/workflow-executions/${id}/query`, { queryName: "key" })).text, "result", payload);

  const texts = (await waitForEvents(client, id, { type: "CHILD_WORKFLOW_COMPLETED" })).map(
    (event) => [event.eventType, event.eventData.toString()] as const,
  );
  const found = (type: string) => texts.filter(([eventType]) => eventType === type).map(([, text]) => text);
  const expected: [type: string, member: string, values: string[]][] = [
    ["SIGNAL_RECEIVED", "signalValue", [payload, payload, trimmed]],
    ["PROMISE_RESOLVED", "value", [payload, payload, trimmed]],
    ["STATE_SET", "value", [payload]],
    ["CHILD_WORKFLOW_INITIATED", "input", [payload]],
    ["CHILD_WORKFLOW_COMPLETED", "output", [payload]],
  ];
  for (const [type, member, values] of expected) {
    const data = found(type);
    expect(data).toHaveLength(values.length);
    values.forEach((value, index) => {
      expectMember(data[index] ?? "", member, value);
    });
  }
  const history = await rest.get(`/workflow-executions/${id}/events`);
  for (const [, text] of texts) expectMember(history.text, "data", text);
  await client.cancelWorkflow({ workflowExecutionId: id });
});

test.each(payloads)("%s survives the state of a task", async (_name, payload) => {
  const client = use.client();
  const { taskExecutionId } = await client.submitTask({ kind: "echo", queue: `${queue}-state` });
  await client.setState({ taskExecutionId, key: "k", value: Buffer.from(payload) });
  expect(await client.getState({ taskExecutionId, key: "k" })).toEqual({ found: true, value: Buffer.from(payload) });
});

test("a start without input, and empty bytes", async () => {
  const client = use.client();
  const empty = await client.startWorkflow({ workflowKind: "empty", queue: "empty", input: Buffer.alloc(0) });
  expect((await claimWorkflow(client, { queue: "empty" })).input.byteLength).toBe(0);
  const [started] = await client.getEvents(empty.workflowExecutionId);
  expectMember(started?.eventData.toString() ?? "", "input", "null");
  const posted = await use.rest().post("/workflow-executions", { kind: "empty", queue: "empty" });
  expect(posted.status).toBe(201);
  expect((await claimWorkflow(client, { queue: "empty" })).input.toString()).toBe("{}");
});
