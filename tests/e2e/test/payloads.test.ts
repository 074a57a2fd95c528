/** Goal: payloads are opaque bytes of JSON text. What goes in at one door comes out at the other, character for character. */
import { expect, test } from "vitest";
import { completed, recordOperation, scheduleTask, setState, suspended } from "../src/index.js";
import { useCluster } from "./use-cluster.js";
import { claimTask, claimWorkflow } from "./wait-for-work.js";

const queue = "payloads";
const use = useCluster({ replicas: { gateway: 1, dispatch: 1, tasks: 1 } });

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
  ["a deep nesting", `${"[".repeat(500)}${'{"a":'.repeat(200)}1.0${"}".repeat(200)}${"]".repeat(500)}`],
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
