/** Goal: a worker starts and stops cleanly, in any order, and says what keeps it from starting. */
import type { WorkerRegistrationRequest } from "@flovyn/proto/v1";
import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { FlovynClient, FlovynServiceError, silentLogger } from "../src/index.js";
import type { StatusName } from "../src/wire/service-error.js";
import { FakeServer, orgId, token } from "./fake-server.js";
import { Refusal } from "./grpc-door.js";
import { add, sum, useHarness } from "./harness.js";

const harness = useHarness();

describe("start and stop", () => {
  test("fail clearly when the server refuses the credential", async () => {
    const client = harness.createClient({ workerToken: "wrong" }).registerTask(add);
    await expect(client.start()).rejects.toThrow(
      /refused the credential in workerToken: .*the key is not known.*\(UNAUTHENTICATED\)/,
    );
    await expect(client.start()).rejects.toMatchObject({ code: "UNAUTHENTICATED", operation: "RegisterWorker" });
  });

  test.each<[string, StatusName]>([
    ["PollWorkflow", "PERMISSION_DENIED"],
    ["PollTask", "PERMISSION_DENIED"],
    ["PollTask", "UNAUTHENTICATED"],
    ["RegisterWorker", "PERMISSION_DENIED"],
  ])("fail when %s is refused as %s, and say which key is needed", async (operation, code) => {
    const { door } = harness.server;
    const client = harness.createClient({ apiKey: token }).registerWorkflow(sum).registerTask(add);
    door.failNext(operation, new Refusal(status[code], `the key does not allow ${operation}`, "NOT_ALLOWED"));
    const refused = await client.start().catch((error: unknown) => error as FlovynServiceError);
    expect(refused).toBeInstanceOf(FlovynServiceError);
    expect(refused).toMatchObject({ operation, code, reason: "NOT_ALLOWED" });
    expect((refused as FlovynServiceError).detail).toBe(
      `the server at ${door.url} refused the credential in workerToken: the key does not allow ${operation}; a worker needs ` +
        "a worker token, an API key of the type Worker, or a key with the role OWNER, of the organization in orgId",
    );
    await client.start();
    expect(await (await client.startWorkflow(sum, { numbers: [1] })).result()).toEqual({ total: 102 });
  });

  test("say that it was the apiKey which may not poll", async () => {
    const { url: serverUrl } = harness.server.door;
    harness.server.door.failNext("PollTask", new Refusal(status.PERMISSION_DENIED, "no"));
    const client = new FlovynClient({ serverUrl, orgId, apiKey: token, logger: silentLogger }).registerTask(add);
    harness.clients.push(client);
    await expect(client.start()).rejects.toThrow(
      "in apiKey, which serves the worker because workerToken is left out: no;",
    );
  });

  test("leave no work behind that one loop took while the other was refused", async () => {
    harness.server.addTask("add", { a: 1, b: 2 });
    harness.server.door.failNext("PollWorkflow", new Refusal(status.PERMISSION_DENIED, "no"));
    const client = harness.createClient().registerWorkflow(sum).registerTask(add);
    await expect(client.start()).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    expect(harness.server.door.requests("CompleteTask")).toHaveLength(1);
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
