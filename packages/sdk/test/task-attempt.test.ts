/** Goal: an attempt ends as it should when it is of no use any more. */
import type { HeartbeatRequest } from "@flovyn/proto/v1";
import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { type TaskAbortedError, task } from "../src/index.js";
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
