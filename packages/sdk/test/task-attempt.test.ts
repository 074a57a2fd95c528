/** Goal: an attempt ends as it should when it is of no use any more. */
import type { HeartbeatRequest } from "@flovyn/proto/v1";
import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { silentLogger, type TaskAbortedError, task } from "../src/index.js";
import { Refusal } from "./grpc-door.js";
import { useHarness, withResolvers } from "./harness.js";

const harness = useHarness();

describe("a task attempt", () => {
  const waiting = (ended: (reason: TaskAbortedError) => void, timeout?: string) =>
    task({
      name: "waiting",
      ...(timeout === undefined ? {} : { timeout }),
      run: (ctx) =>
        new Promise((_resolve, reject) => {
          ctx.signal.addEventListener("abort", () => {
            ended(ctx.signal.reason as TaskAbortedError);
            reject(ctx.signal.reason as Error);
          });
        }),
    });

  test("keeps its lease alive, and is aborted when the server took it away", async () => {
    harness.server.leaseMs = 300;
    const aborted = withResolvers<TaskAbortedError>();
    await harness.createClient().registerTask(waiting(aborted.resolve)).start();
    const id = harness.server.addTask("waiting", null);
    const beat = await harness.server.door.received("Heartbeat", 2);
    expect(beat.request as HeartbeatRequest).toMatchObject({ taskExecutionId: id, claimEpoch: 1 });
    harness.server.door.failNext("Heartbeat", new Refusal(status.ABORTED, "handed to another", "STALE_LEASE"));
    expect((await aborted.promise).abortCause).toBe("claim-lost");
    await harness.clients[0]?.stop();
    expect(harness.server.door.requests("FailTask")).toEqual([]);
  });

  test("goes on under the new claim when the server gives its task to the same worker again", async () => {
    const started = withResolvers<void>();
    const adopted = withResolvers<void>();
    const release = withResolvers<void>();
    let runs = 0;
    const slow = task({
      name: "slow",
      async run() {
        runs += 1;
        started.resolve();
        await release.promise;
        return "done";
      },
    });
    const warn = (message: string) => message.includes("gave it to this worker again") && adopted.resolve();
    await harness
      .createClient({ logger: { ...silentLogger, warn } })
      .registerTask(slow)
      .start();
    const id = harness.server.addTask("slow", null);
    await started.promise;
    harness.server.takeBack(id);
    await adopted.promise;
    release.resolve();
    const { request } = await harness.server.door.received("CompleteTask");
    expect(request).toMatchObject({ taskExecutionId: id, claimEpoch: 2 });
    expect(runs).toBe(1);
  });

  test("says so when it blocked the event loop for longer than its heartbeats may be away", async () => {
    harness.server.leaseMs = 300;
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => warnings.push(message) };
    const blocking = task({
      name: "blocking",
      run() {
        const untilMs = performance.now() + 500;
        while (performance.now() < untilMs);
      },
    });
    await harness.createClient({ logger }).registerTask(blocking).start();
    harness.server.addTask("blocking", null);
    await harness.server.door.received("CompleteTask");
    await harness.clients[0]?.stop();
    expect(warnings.filter((text) => text.includes("the event loop of this process was blocked"))).toHaveLength(1);
  });

  test("ends at its timeout for good", async () => {
    const aborted = withResolvers<TaskAbortedError>();
    await harness.createClient().registerTask(waiting(aborted.resolve, "50ms")).start();
    harness.server.addTask("waiting", null);
    expect((await aborted.promise).abortCause).toBe("timeout");
    expect((await harness.server.door.received("FailTask")).request).toMatchObject({
      error: "Task timed out after 50 ms",
      retryable: false,
    });
  });

  test("may end within the grace of a stop", async () => {
    const started = withResolvers<void>();
    const release = withResolvers<void>();
    const slow = task({
      name: "slow",
      async run() {
        started.resolve();
        await release.promise;
        return "done";
      },
    });
    const client = harness.createClient().registerTask(slow);
    await client.start();
    harness.server.addTask("slow", null);
    await started.promise;
    const stopped = client.stop();
    release.resolve();
    await stopped;
    expect(harness.server.door.requests("CompleteTask")).toHaveLength(1);
  });

  test("is aborted after the grace, and is not reported, so that another worker gets it", async () => {
    const started = withResolvers<void>();
    const aborted = withResolvers<TaskAbortedError>();
    const definition = waiting(aborted.resolve);
    const client = harness.createClient({ shutdownGrace: 0 }).registerTask({
      ...definition,
      run: (ctx, input) => {
        started.resolve();
        return definition.run(ctx, input);
      },
    });
    await client.start();
    harness.server.addTask("waiting", null);
    await started.promise;
    await client.stop();
    expect((await aborted.promise).abortCause).toBe("shutdown");
    expect(harness.server.door.requests("FailTask")).toEqual([]);
  });
});
