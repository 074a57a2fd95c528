/**
 * Decision 20: payloads are opaque. Method: one workflow takes a value through every place that carries a payload (start,
 * operation, state, task, signal, promise, child) and each of them is read where its receiver reads it.
 */
import { newId } from "@flovyn/domain";
import { PollResponse, PollTaskResponse, type WorkflowCommand, WorkflowStatus } from "@flovyn/proto/v1";
import { waitFor } from "@flovyn/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Calls } from "./calls.js";
import { Cluster } from "./cluster.js";
import { command } from "./commands.js";
import { expectConsistent } from "./whole-database.js";

const payloadBytesMax = 4 * 1024 * 1024 - 64 * 1024;

let cluster: Cluster;
let calls: Calls;
beforeAll(async () => {
  cluster = await Cluster.start();
  calls = new Calls(cluster);
});
afterAll(async () => {
  await expectConsistent(cluster);
  await cluster.stop();
});

/** Takes the value everywhere, and gives what was read in each place. */
async function journey(value: string): Promise<Record<string, string>> {
  const bytes = Buffer.from(value);
  const read: Record<string, string> = {};
  const order = await calls.start({ input: bytes });
  const [task, child] = [newId(), { id: newId(), queue: `q-${newId()}` }];
  read["input of the workflow"] = await claimInput("dispatch", order.queue);
  const operations = [command.record("op", value), command.setState("k", value)];
  await calls.submit(order, [...operations, command.scheduleTask(task, { input: bytes })]);
  read["input of the task"] = await claimInput("tasks", order.queue);
  await calls.completeTask({ id: task }, value);
  await calls.signal(order, "go", value);
  await calls.activate(order, [
    ...[command.createPromise("outside"), command.createPromise("own"), command.resolvePromise("own", value)],
    command.scheduleChild(child.id, "child", { queue: child.queue, input: bytes }),
  ]);
  await calls.resolve(`${order.id}:outside`, value);
  read["input of the child"] = await claimInput("dispatch", child.queue);
  await calls.submit(child, [command.complete(value)], { status: WorkflowStatus.COMPLETED });
  await waitFor("the end of the child", async () => (await calls.types(order.id)).includes("CHILD_WORKFLOW_COMPLETED"));
  await calls.complete(order, value);
  const texts: [string, string, string][] = [
    ["WORKFLOW_STARTED", '{"input":', ',"workflowKind"'],
    ["OPERATION_COMPLETED", '{"operationName":"op","result":', "}"],
    ["STATE_SET", '{"key":"k","value":', "}"],
    ["TASK_SCHEDULED", '"input":', ',"queue"'],
    ["TASK_COMPLETED", '"output":', "}"],
    ["SIGNAL_RECEIVED", '{"signalName":"go","signalValue":', "}"],
    ["CHILD_WORKFLOW_INITIATED", '"input":', "}"],
    ["CHILD_WORKFLOW_COMPLETED", '"output":', "}"],
    ["WORKFLOW_COMPLETED", '{"output":', "}"],
  ];
  const events = await calls.events(order.id);
  for (const [type, before, after] of texts) {
    read[type] = between(events.find((event) => event.type === type)?.text, before, after);
  }
  for (const { text, data } of events.filter(({ type }) => type === "PROMISE_RESOLVED")) {
    read[`PROMISE_RESOLVED ${data.promiseName}`] = between(text, '"value":', "}");
  }
  const [started] = await calls.events(child.id);
  read["WORKFLOW_STARTED of the child"] = between(started?.text, '{"input":', ',"workflowKind"');
  return read;
}

/** Claims what the queue holds, and gives its input as its worker gets it. */
async function claimInput(service: "dispatch" | "tasks", queue: string): Promise<string> {
  const { response } = await waitFor(`work on ${queue}`, async () => (await calls.pollRaw(service, queue))[0]);
  const claimed =
    service === "dispatch" ? PollResponse.decode(response).workflowExecution : PollTaskResponse.decode(response).task;
  return Buffer.from(claimed?.input ?? "nothing").toString();
}

/** The text between the two, the last of which ends the event or stands before its next key. */
function between(text: string | undefined, before: string, after: string): string {
  if (text === undefined) return "no such event";
  const from = text.indexOf(before);
  const to = after === "}" ? text.length - 1 : text.lastIndexOf(after);
  return from < 0 || to < 0 ? `not in ${text}` : text.slice(from + before.length, to);
}

const places = 15;

describe("payloads", () => {
  const deep = "[".repeat(1_000) + "]".repeat(1_000);

  it.each([
    ...["9007199254740993", "1.0", "-0.0", "1e400", '"\\u0000"', '"\\ud800"', '"é \u{1f600}"', "null", '""', "[]"],
    ...['{"b":1,"a":2}', '{"a":1,"a":2}', ' { "a" : [ 1 , 2 ] } '],
    "deep",
  ])("decision 20: arrive byte for byte wherever they go: %s", async (given) => {
    const value = given === "deep" ? deep : given;
    const read = await journey(value);
    expect(Object.keys(read)).toHaveLength(places);
    for (const [place, text] of Object.entries(read)) expect(text, place).toBe(value);
  });

  it.each(["", "not json", "{", "NaN"])(
    "that are no JSON (%j) are strings in events, and are not refused",
    async (value) => {
      const read = await journey(value);
      expect(Object.keys(read)).toHaveLength(places);
      for (const [place, text] of Object.entries(read)) {
        // Receivers that get the bytes themselves get them as they came.
        expect(text, place).toBe(place.startsWith("input of") ? value : value === "" ? "null" : JSON.stringify(value));
      }
    },
  );

  it("of the largest size pass, and of one byte more are refused by name", async () => {
    const largest = "1".padEnd(payloadBytesMax, " ");
    const read = await journey(largest);
    for (const [place, text] of Object.entries(read)) expect(text === largest, place).toBe(true);
    const larger = `${largest} `;
    const bytes = Buffer.from(larger);
    const refusal = (field: string) => ({ code: "PayloadTooLarge", field });
    const claimed = await calls.running();
    const commands: [string, WorkflowCommand, WorkflowStatus][] = [
      ["record_operation.result", command.record("op", larger), WorkflowStatus.SUSPENDED],
      ["set_state.value", command.setState("k", larger), WorkflowStatus.SUSPENDED],
      ["schedule_task.input", command.scheduleTask(newId(), { input: bytes }), WorkflowStatus.SUSPENDED],
      ["resolve_promise.value", command.resolvePromise("p", larger), WorkflowStatus.SUSPENDED],
      [
        "schedule_child_workflow.input",
        command.scheduleChild(newId(), "c", { input: bytes }),
        WorkflowStatus.SUSPENDED,
      ],
      ["complete_workflow.output", command.complete(larger), WorkflowStatus.COMPLETED],
    ];
    for (const [field, one, status] of commands) {
      await expect(calls.submit(claimed, [one], { status })).rejects.toMatchObject(refusal(`commands[0].${field}`));
    }
    await expect(calls.start({ input: bytes })).rejects.toMatchObject(refusal("input"));
    await expect(calls.startChild({ parentWorkflowExecutionId: claimed.id, input: bytes })).rejects.toMatchObject(
      refusal("input"),
    );
    await expect(calls.completeTask({ id: newId() }, larger)).rejects.toMatchObject(refusal("output"));
    expect(await calls.types(claimed.id)).toEqual(["WORKFLOW_STARTED"]);
  }, 60_000);
});
