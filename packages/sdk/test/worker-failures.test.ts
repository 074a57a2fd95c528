/** Goal: failed and refused calls cost the worker no work, and nothing is done twice. */
import type { CompleteTaskRequest } from "@flovyn/proto/v1";
import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { Refusal } from "./grpc-door.js";
import { add, sum, useHarness } from "./harness.js";

const harness = useHarness();

describe("when calls fail, a worker", () => {
  test("repeats reports under the same claim until the server answers", async () => {
    const unavailable = new Refusal(status.UNAVAILABLE, "going down");
    for (const name of ["SubmitWorkflowCommands", "CompleteTask", "GetEvents"]) {
      harness.server.door.failNext(name, unavailable, unavailable);
    }
    const client = harness.createClient().registerWorkflow(sum).registerTask(add);
    await client.start();
    expect(await (await client.startWorkflow(sum, { numbers: [1] })).result()).toEqual({ total: 102 });
    const completions = harness.server.door.requests("CompleteTask") as CompleteTaskRequest[];
    expect(completions).toHaveLength(3);
    expect(new Set(completions.map((one) => `${one.taskExecutionId} ${one.claimEpoch}`)).size).toBe(1);
  });

  test("polls again after a failed poll", async () => {
    const client = harness.createClient().registerWorkflow(sum).registerTask(add);
    harness.server.door.failNext("PollWorkflow", new Refusal(status.UNAVAILABLE, "going down"));
    harness.server.door.failNext("PollTask", new Refusal(status.INTERNAL, "a bug"));
    await client.start();
    expect(await (await client.startWorkflow(sum, { numbers: [] })).result()).toEqual({ total: 100 });
  });

  test("fails a workflow whose commands the server refuses", async () => {
    harness.server.door.failNext(
      "SubmitWorkflowCommands",
      new Refusal(status.INVALID_ARGUMENT, "output: is too large"),
    );
    const client = harness.createClient().registerWorkflow(sum).registerTask(add);
    await client.start();
    await expect((await client.startWorkflow(sum, { numbers: [] })).result()).rejects.toThrow(
      /The server refused what the workflow asked for: .*output: is too large/,
    );
  });

  test("leaves a workflow alone that somebody else holds", async () => {
    harness.server.door.failNext(
      "SubmitWorkflowCommands",
      new Refusal(status.ABORTED, "handed to another", "STALE_LEASE"),
    );
    const client = harness.createClient().registerWorkflow(sum);
    await client.start();
    const { id } = await client.startWorkflow(sum, { numbers: [] });
    await harness.server.door.received("SubmitWorkflowCommands");
    await client.stop();
    expect(harness.server.door.requests("SubmitWorkflowCommands")).toHaveLength(1);
    expect(harness.server.execution(id).status).toBe("RUNNING");
  });

  test("fails a task whose output the server refuses, for good", async () => {
    harness.server.door.failNext(
      "CompleteTask",
      new Refusal(status.INVALID_ARGUMENT, "output: must have at most 10 bytes"),
    );
    await harness.createClient().registerTask(add).start();
    harness.server.addTask("add", { a: 1, b: 2 });
    expect((await harness.server.door.received("FailTask")).request).toMatchObject({
      retryable: false,
      error: expect.stringContaining("must have at most 10 bytes"),
    });
  });

  test("opens its session again when the server ends it", async () => {
    await harness.createClient().registerTask(add).start();
    await harness.server.door.received("SubscribeToNotifications");
    for (const stream of harness.server.sessions) stream.end();
    await harness.server.door.received("SubscribeToNotifications", 2);
  });

  test("registers again when the server does not know it any more", async () => {
    harness.server.door.failNext("SendHeartbeat", new Refusal(status.NOT_FOUND, "no such worker"));
    await harness.createClient({ heartbeatInterval: 100 }).registerTask(add).start();
    await harness.server.door.received("RegisterWorker", 2);
    await harness.server.door.received("SubscribeToNotifications", 2);
  });
});
