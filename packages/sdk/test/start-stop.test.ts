/** Goal: a worker starts and stops cleanly, in any order, and says what keeps it from starting. */
import type { WorkerRegistrationRequest } from "@flovyn/proto/v1";
import { describe, expect, test } from "vitest";
import { FakeServer } from "./fake-server.js";
import { add, sum, useHarness } from "./harness.js";

const harness = useHarness();

describe("start and stop", () => {
  test("fail clearly when the server refuses the credential", async () => {
    const client = harness.createClient({ workerToken: "wrong" }).registerTask(add);
    await expect(client.start()).rejects.toThrow(/refused the credential: .*the key is not known.*\(UNAUTHENTICATED\)/);
    await expect(client.start()).rejects.toMatchObject({ code: "UNAUTHENTICATED", operation: "RegisterWorker" });
  });

  test("fail clearly when the server cannot be reached", async () => {
    harness.server.door.stop();
    const client = harness.createClient({ connectTimeout: 0 }).registerTask(add);
    await expect(client.start()).rejects.toThrow(/nothing listens there/);
  });

  test("wait for a server that comes up later", async () => {
    harness.server.door.stop();
    const client = harness.createClient().registerWorkflow(sum);
    const starting = client.start();
    const { url } = harness.server.door;
    harness.server = new FakeServer();
    await harness.server.door.start(Number(new URL(url).port));
    await starting;
    await harness.server.door.received("PollWorkflow");
  });

  test("may be called more than once, and in any order", async () => {
    const client = harness.createClient().registerWorkflow(sum);
    await client.stop();
    await Promise.all([client.start(), client.start()]);
    expect(harness.server.door.requests("RegisterWorker")).toHaveLength(1);
    await Promise.all([client.stop(), client.stop()]);
    await client.start();
    expect(await (await client.startWorkflow(sum, { numbers: [] })).result()).toEqual({ total: 100 });
    await client.stop();
    const [first, second] = harness.server.door.requests("RegisterWorker") as WorkerRegistrationRequest[];
    expect(first?.workerName).not.toBe(second?.workerName);
  });

  test("end a start that is under way", async () => {
    harness.server.door.stop();
    const client = harness.createClient().registerWorkflow(sum);
    const starting = expect(client.start()).rejects.toThrow("stopped before it had started");
    await client.stop();
    await starting;
  });

  test("need something registered", async () => {
    await expect(harness.createClient().start()).rejects.toThrow("register a workflow or a task before start");
    const client = harness.createClient().registerWorkflow(sum);
    expect(() => client.registerWorkflow(sum)).toThrow('a workflow named "sum" is registered already');
    await client.start();
    expect(() => client.registerTask(add)).toThrow('task "add": register it before start');
  });
});
