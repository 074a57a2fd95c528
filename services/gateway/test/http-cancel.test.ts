// Goal: the rows of the cancel table, at each of the routes. The fake services answer what dispatch and tasks answer.
import { DomainError } from "@flovyn/domain";
import { CancelWorkflowRequest, CancelWorkflowResponse } from "@flovyn/proto/ext";
import { CancelTaskExecutionRequest, CancelTaskExecutionResponse, TaskView } from "@flovyn/proto/internal";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { GatewayHarness } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";

const id = "0190a5c0-0000-7000-8000-00000000000a";
const base = "/api/orgs/acme";
const cancelWorkflow = "flovyn.ext.v1.WorkflowClient/CancelWorkflow";
const cancelTask = "internal/CancelTask";
const missing = () => new DomainError("NotFound", "there is no such thing");

let harness: GatewayHarness;

beforeAll(async () => {
  harness = await GatewayHarness.start();
  answerOrgs(harness.services);
});

afterAll(() => harness.stop());

beforeEach(() => {
  harness.services.requests.length = 0;
  harness.services.fail(cancelWorkflow, missing());
  harness.services.fail(cancelTask, missing());
});

function answerWorkflow(cancelled: boolean, status: string, cancelledChildren = 0): void {
  const answer = CancelWorkflowResponse.encode({ cancelled, status, cancelledChildren }).finish();
  harness.services.answer(cancelWorkflow, answer);
}

function answerTask(cancelled: boolean, status: string): void {
  harness.services.answer(cancelTask, CancelTaskExecutionResponse.encode({ cancelled, status }).finish());
}

const cancel = (path: string, body?: string, method = "POST") =>
  harness.fetch(`${base}/${path}`, { method, ...(body !== undefined && { body }) });

function asked<Message>(operation: string, codec: { decode(bytes: Uint8Array): Message }): Message[] {
  return harness.services.of(operation).map(({ payload }) => codec.decode(payload));
}

describe("workflow-executions/{id}/cancel", () => {
  const path = `workflow-executions/${id}/cancel`;

  it("SP-110 ends a live one with its children, with or without a body", async () => {
    answerWorkflow(true, "CANCELLED", 3);
    const response = await cancel(path, '{"reason":"changed my mind","cascadeToChildren":false}');
    expect([response.status, await response.json()]).toEqual([200, { status: "CANCELLED", cancelledChildren: 3 }]);
    await cancel(path);
    await cancel(path, "{}");
    expect(asked(cancelWorkflow, CancelWorkflowRequest)).toEqual([
      { workflowExecutionId: id, reason: "changed my mind", cascadeToChildren: false },
      { workflowExecutionId: id, reason: "", cascadeToChildren: true },
      { workflowExecutionId: id, reason: "", cascadeToChildren: true },
    ]);
  });

  it.each(["COMPLETED", "FAILED", "CANCELLED"])("SP-110 leaves a %s one as it is", async (status) => {
    answerWorkflow(false, status);
    const response = await cancel(path);
    expect([response.status, await response.json()]).toEqual([
      200,
      { status: "ALREADY_TERMINAL", cancelledChildren: 0 },
    ]);
  });

  it("SP-110 is 404 for a missing one, and asks nothing of tasks", async () => {
    expect((await cancel(path)).status).toBe(404);
    expect(harness.services.of(cancelTask)).toEqual([]);
  });

  it.each([
    ["reason", '{"reason":7}'],
    ["reason", `{"reason":"${"r".repeat(501)}"}`],
    ["cascadeToChildren", '{"cascadeToChildren":"no"}'],
    ["body", "[]"],
    ["body", " "],
  ])("refuses a wrong %s", async (field, body) => {
    expect(await (await cancel(path, body)).json()).toMatchObject({ status: 400, field });
    expect(harness.services.of(cancelWorkflow)).toEqual([]);
  });
});

describe("executions/{id}/cancel", () => {
  const path = `executions/${id}/cancel`;

  it("SP-110 ends a live workflow and leaves tasks alone", async () => {
    answerWorkflow(true, "CANCELLED", 2);
    const response = await cancel(path);
    expect([response.status, await response.json()]).toEqual([
      200,
      { id, result: "cancelled", currentState: "CANCELLED", cancelledChildren: 2 },
    ]);
    expect(harness.services.of(cancelTask)).toEqual([]);
  });

  it("SP-110 ends a task, also one that runs, when no workflow has the id", async () => {
    answerTask(true, "CANCELLED");
    const response = await cancel(`executions/%7Bfp:24%7D:${id}/cancel`, '{"reason":"late"}');
    expect([response.status, await response.json()]).toEqual([
      200,
      { id, result: "cancelled", currentState: "CANCELLED", cancelledChildren: 0 },
    ]);
    expect(asked(cancelTask, CancelTaskExecutionRequest)).toEqual([
      { id: `{fp:24}:${id}`, reason: "late", onlyPending: false },
    ]);
  });

  it("SP-110 says that it was cancelled before", async () => {
    answerWorkflow(false, "CANCELLED");
    expect(await (await cancel(path)).json()).toMatchObject({ result: "already_cancelled", currentState: "CANCELLED" });
    harness.services.fail(cancelWorkflow, missing());
    answerTask(false, "CANCELLED");
    expect(await (await cancel(path)).json()).toMatchObject({ result: "already_cancelled", currentState: "CANCELLED" });
  });

  it.each(["COMPLETED", "FAILED"])("SP-110 is a conflict that tells the state for %s", async (status) => {
    answerWorkflow(false, status);
    const workflow = await cancel(path);
    harness.services.fail(cancelWorkflow, missing());
    answerTask(false, status);
    for (const response of [workflow, await cancel(path)]) {
      expect(response.status).toBe(409);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(await response.json()).toMatchObject({
        status: 409,
        code: "WrongState",
        reason: "ALREADY_ENDED",
        currentState: status,
        error: `the execution is ${status} already`,
      });
    }
  });

  it("SP-110 is 404 when there is neither, and 400 for what is no id", async () => {
    const response = await cancel(path);
    expect(await response.json()).toMatchObject({
      status: 404,
      code: "NotFound",
      detail: "there is no such execution",
    });
    expect(await (await cancel("executions/nonsense/cancel")).json()).toMatchObject({ status: 400, field: "id" });
  });

  it("does not take another failure for a missing workflow", async () => {
    harness.services.fail(cancelWorkflow, new DomainError("Unavailable", "dispatch is away"));
    answerTask(true, "CANCELLED");
    expect((await cancel(path)).status).toBe(503);
    expect(harness.services.of(cancelTask)).toEqual([]);
  });
});

describe.each([
  ["task-executions/{id}/cancel", `task-executions/${id}/cancel`, "POST"],
  ["DELETE task-executions/{id}", `task-executions/${id}`, "DELETE"],
])("%s", (_name, path, method) => {
  it("SP-110 ends a pending standalone task", async () => {
    answerTask(true, "CANCELLED");
    const response = await cancel(path, '{"reason":"not needed"}', method);
    expect([response.status, await response.text()]).toEqual([204, ""]);
    expect((await cancel(path, undefined, method)).status).toBe(204);
    expect(asked(cancelTask, CancelTaskExecutionRequest)).toEqual([
      { id, reason: "not needed", onlyPending: true },
      { id, reason: "", onlyPending: true },
    ]);
  });

  it("SP-110 is content with a task that was cancelled before, however tasks says it", async () => {
    answerTask(false, "CANCELLED");
    expect((await cancel(path, undefined, method)).status).toBe(204);
    refuse("CANCELLED");
    expect((await cancel(path, undefined, method)).status).toBe(204);
  });

  it.each(["RUNNING", "COMPLETED", "FAILED", "PENDING"])("SP-110 is 400 with the state for %s", async (status) => {
    refuse(status);
    const response = await cancel(path, undefined, method);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      status: 400,
      code: "WrongState",
      currentState: status,
      detail: "the task cannot be cancelled",
    });
  });

  it("SP-110 is 404 for a missing task", async () => {
    expect((await cancel(path, undefined, method)).status).toBe(404);
  });

  function refuse(status: string): void {
    harness.services.fail(cancelTask, new DomainError("WrongState", "the task cannot be cancelled"));
    harness.services.answer("internal/GetTask", TaskView.encode(TaskView.fromPartial({ id, status })).finish());
  }
});
