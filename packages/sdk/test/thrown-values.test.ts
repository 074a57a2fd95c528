/**
 * Goal: whatever user code throws, wherever it throws it, ends that attempt with some text, and the worker goes on.
 * Approach: one worker runs through many thrown values; none may come to the process as an unhandled rejection.
 */
import type { FailTaskRequest } from "@flovyn/proto/v1";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Logger, OperationFailedError, task, WorkflowFailedError, workflow } from "../src/index.js";
import { useHarness } from "./harness.js";
import { thrownValues } from "./thrown-values.js";

const harness = useHarness();
const numRuns = 60;

let thrown: unknown;
const fail = (): never => {
  throw thrown;
};
const hostileJson = { toJSON: fail };

const throwing = task({ name: "throwing", run: fail });
const rejecting = task({ name: "rejecting", run: () => Promise.reject(thrown) });
const unwritable = task({ name: "unwritable", run: () => hostileJson });
const healthy = task({ name: "healthy", run: () => "well" });

const places = workflow({
  name: "places",
  async run(ctx, place: string) {
    if (place === "throw") fail();
    if (place === "reject") return Promise.reject(thrown);
    if (place === "output") return hostileJson;
    if (place === "set") ctx.set("key", hostileJson);
    if (place === "schedule") return ctx.schedule("healthy", hostileJson);
    if (place === "child") return ctx.scheduleWorkflow("places", hostileJson);
    return "well";
  },
});

const operations = workflow({
  name: "operations",
  async run(ctx) {
    const caught = await Promise.allSettled([
      ctx.run("throws", fail),
      ctx.run("rejects", () => Promise.reject(thrown)),
      ctx.run("unwritable", () => hostileJson),
    ]);
    return caught.map((one) => one.status === "rejected" && one.reason instanceof OperationFailedError);
  },
});

let escaped = 0;
const onEscaped = () => {
  escaped += 1;
};

beforeEach(() => {
  escaped = 0;
  process.on("unhandledRejection", onEscaped);
});

afterEach(() => {
  vi.restoreAllMocks();
  process.off("unhandledRejection", onEscaped);
  expect(escaped).toBe(0);
});

async function eachThrown(check: () => Promise<void>): Promise<void> {
  const property = fc.asyncProperty(thrownValues, async (make) => {
    thrown = make();
    await check();
  });
  await fc.assert(property, { numRuns });
}

describe("whatever user code throws", () => {
  test("in a task fails that attempt, and the worker runs the next one", async () => {
    const tasks = [throwing, rejecting, unwritable];
    await harness
      .createClient({ maxConcurrentTasks: 1 })
      .registerTask(healthy, ...tasks)
      .start();
    let failures = 0;
    let completions = 0;
    await eachThrown(async () => {
      for (const { name } of tasks) {
        harness.server.addTask(name, null);
        const { request } = await harness.server.door.received("FailTask", ++failures);
        expect((request as FailTaskRequest).error).not.toBe("");
      }
      harness.server.addTask("healthy", null);
      await harness.server.door.received("CompleteTask", ++completions);
    });
  });

  test("in a workflow fails that workflow, and the worker runs the next one", async () => {
    const client = harness.createClient().registerWorkflow(places).registerTask(healthy);
    await client.start();
    await eachThrown(async () => {
      for (const place of ["throw", "reject", "output", "set", "schedule", "child"]) {
        const error = await (await client.startWorkflow(places, place)).result().catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(WorkflowFailedError);
        expect((error as WorkflowFailedError).failure).not.toBe("");
        expect((error as WorkflowFailedError).failure).not.toContain("awaits something that nothing can settle");
      }
      expect(await (await client.startWorkflow(places, "none")).result()).toBe("well");
    });
  });

  test("in a function of ctx.run rejects that call with OperationFailedError", async () => {
    const client = harness.createClient().registerWorkflow(operations);
    await client.start();
    await eachThrown(async () => {
      expect(await (await client.startWorkflow(operations)).result()).toEqual([true, true, true]);
    });
  });

  test("in a logger costs the line only, whether it is thrown or a promise is rejected with it", async () => {
    const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    for (const failing of [fail, () => Promise.reject(thrown)]) {
      const logger: Logger = { debug: failing, info: failing, warn: failing, error: failing };
      const logging = workflow({
        name: "logging",
        async run(ctx) {
          ctx.log.info("from the workflow", hostileJson);
          return ctx.schedule("logging").catch(() => "well");
        },
      });
      const loggingTask = task({
        name: "logging",
        run(ctx) {
          ctx.log.error("from the task", { thrown, hostileJson });
          ctx.stream.data(hostileJson);
          fail();
        },
      });
      const client = harness.createClient({ logger }).registerWorkflow(logging).registerTask(loggingTask);
      await client.start();
      await eachThrown(async () => {
        expect(await (await client.startWorkflow(logging)).result()).toBe("well");
      });
      await client.stop();
    }
    expect(
      stderr.mock.calls.filter(([line]) => String(line).includes("the logger of the program failed")),
    ).toHaveLength(2);
  });

  test("is written by the logger that is used when the program gives none", async () => {
    const lines: string[] = [];
    vi.spyOn(process.stderr, "write").mockImplementation((line) => lines.push(String(line)) > 0);
    const { stderrLogger } = await import("../src/logger.js");
    await eachThrown(async () => stderrLogger.error("it failed", { err: thrown, deep: { thrown } }));
    expect(lines.map((line) => JSON.parse(line).message)).toEqual(lines.map(() => "it failed"));
    expect(lines.length).toBeGreaterThanOrEqual(numRuns);
  });
});
