import { type HintSubject, streamSubject } from "@flovyn/bus";
import { newId } from "@flovyn/domain";
import { StreamHint } from "@flovyn/proto/internal";
import {
  ReportProgressRequest,
  StreamEventType,
  StreamTaskDataRequest,
  StreamTaskDataResponse,
} from "@flovyn/proto/v1";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chunkPayloadBytesMax } from "../src/handlers/stream-task-data.js";
import { Harness, taskRpc } from "./harness.js";

const harness = new Harness();
beforeAll(async () => void (await harness.start(1)));
afterAll(() => harness.stop());

const token = '{"type":"token","text":"h\\u00e9 "}';

const stream = (message: Partial<StreamTaskDataRequest>, header = {}) =>
  harness.call(
    taskRpc("StreamTaskData"),
    [StreamTaskDataRequest, StreamTaskDataResponse],
    { type: StreamEventType.TOKEN, payload: token, ...message },
    header,
  );
const progress = (message: Partial<ReportProgressRequest>) =>
  harness.send(taskRpc("ReportProgress"), ReportProgressRequest, message);

/** What is sent to the watchers of a subject from now on. */
async function watch(subject: HintSubject) {
  const hints: StreamHint[] = [];
  await harness.bus.flush();
  await harness.bus.subscribe(subject, (payload) => hints.push(StreamHint.decode(payload)));
  return async () => {
    await harness.bus.flush();
    return hints.splice(0);
  };
}

describe("StreamTaskData", () => {
  it("tells the watchers of the workflow, whatever workflow the sender names", async () => {
    const workflow = await harness.waitingWorkflow(1);
    const taskExecutionId = workflow.taskIds[0] as string;
    const seen = await watch(streamSubject(harness.orgId, workflow.id));
    const foreign = await watch(streamSubject(harness.otherOrgId, workflow.id));
    const answer = await stream({
      taskExecutionId: taskExecutionId.toUpperCase(),
      workflowExecutionId: newId(),
      sequence: 7,
      timestampMs: 1234,
    });
    expect(answer).toEqual({ acknowledged: true });
    const common = { taskExecutionId, workflowExecutionId: workflow.id };
    expect(await seen()).toEqual([{ ...common, sequence: 7, type: "token", payload: token, timestampMs: 1234 }]);
    expect(await foreign()).toEqual([]);
  });

  it("pitfall 28: tells the watchers of a standalone task under its own id", async () => {
    const { taskExecutionId } = await harness.running();
    const seen = await watch(streamSubject(harness.orgId, taskExecutionId));
    const payload = '{"type":"data","data":{"big":9007199254740993,"float":1.0}}';
    await stream({ taskExecutionId, type: StreamEventType.DATA, payload });
    await stream({ taskExecutionId, type: StreamEventType.ERROR, payload: '{"type":"error","message":"no"}' });
    await stream({ taskExecutionId, type: StreamEventType.PROGRESS, payload: '{"type":"progress","progress":0.5}' });
    const hints = await seen();
    expect(hints.map(({ type }) => type)).toEqual(["data", "error", "progress"]);
    expect(hints[0]).toMatchObject({ taskExecutionId, workflowExecutionId: "", payload });
    expect(hints[0]?.timestampMs).toBe(harness.clock.now());
  });

  it("leaves the task as it is, and accepts chunks after its end", async () => {
    const { taskExecutionId } = await harness.running();
    const seen = await watch(streamSubject(harness.orgId, taskExecutionId));
    const before = await harness.row(taskExecutionId);
    await stream({ taskExecutionId });
    expect(await harness.row(taskExecutionId)).toEqual(before);
    await harness.complete({ taskExecutionId });
    const ended = await harness.row(taskExecutionId);
    expect(await stream({ taskExecutionId })).toEqual({ acknowledged: true });
    expect(await harness.row(taskExecutionId)).toEqual(ended);
    expect(await seen()).toHaveLength(2);
  });

  it("reads a task once, however many chunks it streams", async () => {
    const { taskExecutionId } = await harness.running();
    const statements = () => harness.context.db.stats().statements;
    const before = statements();
    await Promise.all(Array.from({ length: 50 }, () => stream({ taskExecutionId })));
    for (let count = 0; count < 50; count++) await stream({ taskExecutionId });
    expect(statements() - before).toBe(1);
  });

  it("does not know tasks that are missing or of another org, also when their own org streams them", async () => {
    const { taskExecutionId } = await harness.running();
    const unknown = { code: "NotFound" };
    await expect(stream({ taskExecutionId: newId() })).rejects.toMatchObject(unknown);
    await expect(stream({ taskExecutionId }, harness.foreign)).rejects.toMatchObject(unknown);
    expect(await stream({ taskExecutionId })).toEqual({ acknowledged: true });
    await expect(stream({ taskExecutionId }, harness.foreign)).rejects.toMatchObject(unknown);
  });

  it.each<[string, string, Partial<StreamTaskDataRequest>]>([
    ["an id that is no UUID", "task_execution_id", { taskExecutionId: "task" }],
    ["no type", "type", { type: StreamEventType.STREAM_EVENT_TYPE_UNSPECIFIED }],
    ["an unknown type", "type", { type: 5 as StreamEventType }],
    ["no payload", "payload", { payload: "" }],
    ["a payload that is not JSON", "payload", { payload: "hello" }],
    ["a list", "payload", { payload: "[1]" }],
    ["null", "payload", { payload: "null" }],
    ["a text", "payload", { payload: '"text"' }],
    ["the mark of the server's events", "payload", { payload: '{"type":"Event","event":"WORKFLOW_COMPLETED"}' }],
    ["too many bytes", "payload", { payload: JSON.stringify({ text: "é".repeat(chunkPayloadBytesMax / 2) }) }],
  ])("refuses %s", async (_what, field, change) => {
    const { taskExecutionId } = await harness.running();
    const refusal = stream({ taskExecutionId, ...change });
    await expect(refusal).rejects.toMatchObject({ code: "InvalidInput", field });
  });

  it.each<[string, string]>([
    ["type", '{"type":"Event","event":"WORKFLOW_COMPLETED","type":"data"}'],
    ["type", '{"type":"data","type":"Event"}'],
    ["type", '{ "t\\u0079pe" : "Event" , "x" : {} , "type" : "data" }'],
    ["text", '{"text":"a","text":"b"}'],
    ["text", '{"text":"a\\n\\ndata: {","\\u0074ext":"b"}'],
    ["", '{"":1,"":2}'],
    ["__proto__", '{"__proto__":1,"__proto__":{"type":"Event"}}'],
    ["constructor", '{"constructor":[{"constructor":1}],"constructor":2}'],
  ])("refuses a payload that says %s twice: %s", async (name, payload) => {
    const { taskExecutionId } = await harness.running();
    const seen = await watch(streamSubject(harness.orgId, taskExecutionId));
    for (const type of [StreamEventType.TOKEN, StreamEventType.PROGRESS, StreamEventType.DATA, StreamEventType.ERROR]) {
      await expect(stream({ taskExecutionId, type, payload })).rejects.toMatchObject({
        ...{ code: "InvalidInput", field: "payload" },
        message: `payload: must name each member once, has "${name}" twice`,
      });
    }
    expect(await seen()).toEqual([]);
  });

  it("passes on byte for byte what names each member once, however it is written", async () => {
    const { taskExecutionId } = await harness.running();
    const seen = await watch(streamSubject(harness.orgId, taskExecutionId));
    const payloads = [
      '{"type":"data","data":{"type":"Event","type":1},"constructor":1,"__proto__":2}',
      '{\r\n"data: {\\"type\\":\\"Event\\"}"\n:\t"\\u0000\\ud800\\n\\nevent: data\\ndata: x"}',
      "{}",
    ];
    for (const payload of payloads) await stream({ taskExecutionId, type: StreamEventType.DATA, payload });
    expect((await seen()).map(({ payload }) => payload)).toEqual(payloads);
  });

  it("takes a payload up to the limit", async () => {
    const { taskExecutionId } = await harness.running();
    const seen = await watch(streamSubject(harness.orgId, taskExecutionId));
    const payload = JSON.stringify({ text: "x".repeat(chunkPayloadBytesMax - 11) });
    expect(Buffer.byteLength(payload)).toBe(chunkPayloadBytesMax);
    await stream({ taskExecutionId, payload });
    expect((await seen())[0]?.payload).toBe(payload);
  });
});

describe("ReportProgress", () => {
  it("pitfall 29: tells the watchers on each report, not only the row", async () => {
    const { taskExecutionId } = await harness.running();
    const seen = await watch(streamSubject(harness.orgId, taskExecutionId));
    await progress({ taskExecutionId, progress: 0.25 });
    await progress({ taskExecutionId, progress: 0.25, details: "still" });
    expect((await seen()).map(({ type, payload }) => [type, payload])).toEqual([
      ["progress", '{"type":"progress","progress":0.25}'],
      ["progress", '{"type":"progress","progress":0.25,"details":"still"}'],
    ]);
    expect(await harness.row(taskExecutionId)).toMatchObject({ progress: 0.25, progress_details: "still" });
  });

  it("is told to the watchers of the workflow", async () => {
    const workflow = await harness.waitingWorkflow(1);
    const seen = await watch(streamSubject(harness.orgId, workflow.id));
    await progress({ taskExecutionId: workflow.taskIds[0] as string, progress: 1 });
    expect(await seen()).toMatchObject([{ taskExecutionId: workflow.taskIds[0], workflowExecutionId: workflow.id }]);
  });
});
