import { newId, payloadBytesMax } from "@flovyn/domain";
import {
  ClearAllStateRequest,
  ClearStateRequest,
  GetStateKeysRequest,
  GetStateKeysResponse,
  GetStateRequest,
  GetStateResponse,
  LogMessageRequest,
  ReportProgressRequest,
  SetStateRequest,
} from "@flovyn/proto/v1";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Harness, taskRpc } from "./harness.js";

const harness = new Harness();
beforeAll(async () => void (await harness.start()));
afterAll(() => harness.stop());

const progress = (message: Partial<ReportProgressRequest>, header = {}) =>
  harness.send(taskRpc("ReportProgress"), ReportProgressRequest, message, header);
const log = (message: Partial<LogMessageRequest>, header = {}) =>
  harness.send(taskRpc("LogMessage"), LogMessageRequest, message, header);

describe("ReportProgress", () => {
  it("is stored while the task runs and accepted without effect after its end", async () => {
    const { taskExecutionId } = await harness.running();
    await progress({ taskExecutionId, progress: 0.5, details: "half\0way" });
    await harness.complete({ taskExecutionId });
    await progress({ taskExecutionId, progress: 0.9, details: "late" });
    expect(await harness.row(taskExecutionId)).toMatchObject({ progress: 0.5, progress_details: "halfway" });
  });

  it("is refused outside of 0 to 1 and for unknown tasks", async () => {
    const { taskExecutionId } = await harness.running();
    for (const bad of [-0.1, 1.1, Number.NaN, Number.POSITIVE_INFINITY]) {
      const refusal = progress({ taskExecutionId, progress: bad });
      await expect(refusal).rejects.toMatchObject({ code: "InvalidInput", field: "progress" });
    }
    await expect(progress({ taskExecutionId: newId() })).rejects.toMatchObject({ code: "NotFound" });
    await expect(progress({ taskExecutionId }, harness.foreign)).rejects.toMatchObject({ code: "NotFound" });
    expect(await harness.row(taskExecutionId)).toMatchObject({ progress: null });
  });
});

describe("LogMessage", () => {
  it("is stored at any time, with a known level", async () => {
    const { taskExecutionId } = await harness.running();
    await log({ taskExecutionId, level: "info", message: "during" });
    await harness.complete({ taskExecutionId });
    await log({ taskExecutionId, level: "ERROR", message: "after\0" });
    const lines = await harness.rows(
      "select level, message from task_execution_log where task_execution_id = $1 order by id",
      [taskExecutionId],
    );
    expect(lines).toEqual([
      { level: "INFO", message: "during" },
      { level: "ERROR", message: "after" },
    ]);
    const bad = log({ taskExecutionId, level: "LOUD" });
    await expect(bad).rejects.toMatchObject({ code: "InvalidInput", field: "level" });
    await expect(log({ taskExecutionId: newId(), level: "INFO" })).rejects.toMatchObject({ code: "NotFound" });
    await expect(log({ taskExecutionId, level: "INFO" }, harness.foreign)).rejects.toMatchObject({ code: "NotFound" });
  });
});

describe("task state", () => {
  const set = (message: Partial<SetStateRequest>, header = {}) =>
    harness.send(taskRpc("SetState"), SetStateRequest, message, header);
  const get = (message: Partial<GetStateRequest>, header = {}) =>
    harness.call(taskRpc("GetState"), [GetStateRequest, GetStateResponse], message, header);
  const clear = (message: Partial<ClearStateRequest>, header = {}) =>
    harness.send(taskRpc("ClearState"), ClearStateRequest, message, header);
  const clearAll = (message: Partial<ClearAllStateRequest>, header = {}) =>
    harness.send(taskRpc("ClearAllState"), ClearAllStateRequest, message, header);
  const keys = async (taskExecutionId: string, header = {}) => {
    const types = [GetStateKeysRequest, GetStateKeysResponse] as const;
    return (await harness.call(taskRpc("GetStateKeys"), types, { taskExecutionId }, header)).keys;
  };

  it("is shared by the attempts of a task, byte for byte", async () => {
    const { taskExecutionId } = await harness.running({ maxRetries: 1 });
    const value = Buffer.from([0, 1, 255, 0x27, 0x5c]);
    await set({ taskExecutionId, key: "b", value });
    await set({ taskExecutionId, key: "a", value: Buffer.from("1") });
    await set({ taskExecutionId, key: "a", value: Buffer.alloc(0) });
    await harness.fail({ taskExecutionId });
    expect(await get({ taskExecutionId, key: "b" })).toEqual({ value, found: true });
    expect(await get({ taskExecutionId, key: "a" })).toEqual({ value: Buffer.alloc(0), found: true });
    expect(await get({ taskExecutionId, key: "c" })).toEqual({ value: Buffer.alloc(0), found: false });
    expect(await keys(taskExecutionId)).toEqual(["a", "b"]);
    await clear({ taskExecutionId, key: "a" });
    await clear({ taskExecutionId, key: "a" });
    expect(await keys(taskExecutionId)).toEqual(["b"]);
    await clearAll({ taskExecutionId });
    expect(await keys(taskExecutionId)).toEqual([]);
  });

  it("refuses blank keys, large values, and tasks that are unknown, foreign or no UUID", async () => {
    const { taskExecutionId } = await harness.running();
    const large = set({ taskExecutionId, key: "k", value: Buffer.alloc(payloadBytesMax + 1) });
    await expect(large).rejects.toMatchObject({ code: "PayloadTooLarge", field: "value" });
    for (const call of [set, get, clear]) {
      await expect(call({ taskExecutionId, key: " " })).rejects.toMatchObject({ code: "InvalidInput", field: "key" });
    }
    const calls = [
      (id: string, header = {}) => set({ taskExecutionId: id, key: "k" }, header),
      (id: string, header = {}) => get({ taskExecutionId: id, key: "k" }, header),
      (id: string, header = {}) => clear({ taskExecutionId: id, key: "k" }, header),
      (id: string, header = {}) => clearAll({ taskExecutionId: id }, header),
      (id: string, header = {}) => keys(id, header),
    ];
    for (const call of calls) {
      await expect(call(newId())).rejects.toMatchObject({ code: "NotFound" });
      await expect(call(taskExecutionId, harness.foreign)).rejects.toMatchObject({ code: "NotFound" });
      await expect(call("x")).rejects.toMatchObject({ code: "InvalidInput", field: "task_execution_id" });
    }
  });
});
