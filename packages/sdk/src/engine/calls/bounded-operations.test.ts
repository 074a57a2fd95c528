import { describe, expect, test } from "vitest";
import { activate, output, type Run } from "../../../test/activate.js";
import { SimulatedWorkflow } from "../../../test/simulated-workflow.js";
import type { WorkflowContext } from "../../definitions/workflow-context.js";
import { OperationCancelledError } from "../../errors.js";
import type { ProcessClock } from "../process-clock.js";

/** Its time is always that of what is waited for next. */
function eagerClock(startMs = 0): ProcessClock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    at(timeMs, callback) {
      const timer = setImmediate(() => {
        nowMs = Math.max(nowMs, timeMs);
        callback();
      });
      return () => clearImmediate(timer);
    },
  };
}

describe("an operation that never ends", () => {
  const bounds: [string, (ctx: WorkflowContext, endless: () => Promise<unknown>) => Promise<unknown>][] = [
    ["ctx.withTimeout", (ctx, endless) => ctx.withTimeout(endless(), "300ms")],
    ["ctx.race with a sleep", (ctx, endless) => ctx.race([endless(), ctx.sleep("300ms")])],
    ["ctx.any with a sleep", (ctx, endless) => ctx.any([endless(), ctx.sleep("300ms")])],
    ["ctx.race around ctx.withTimeout", (ctx, endless) => ctx.race([ctx.withTimeout(endless(), "1h"), ctx.sleep(1)])],
    ["Promise.race with a sleep", (ctx, endless) => Promise.race([endless(), ctx.sleep("300ms")])],
    ["ctx.race with another operation", (ctx, endless) => ctx.race([endless(), ctx.run("quick", () => null)])],
    ["ctx.any with another operation", (ctx, endless) => ctx.any([endless(), ctx.run("quick", () => null)])],
  ];

  test.each(bounds)("is bounded by %s", async (_name, bound) => {
    const result = await activate(
      async (ctx) => {
        await bound(ctx, () => ctx.run("endless", () => new Promise(() => {}))).catch(() => "over");
        return "went on";
      },
      undefined,
      { clock: eagerClock() },
    );
    expect(output(result)).toBe("went on");
  });

  test.each(bounds.filter(([name]) => !name.startsWith("Promise")))(
    "holds up nothing that follows %s, and does not begin again on a replay",
    async (_name, bound) => {
      const simulated = new SimulatedWorkflow();
      let begun = 0;
      const run: Run = async (ctx) => {
        const endless = () =>
          ctx.run("endless", () => {
            begun += 1;
            return new Promise(() => {});
          });
        const end = await bound(ctx, endless).then(
          () => "settled",
          (error: Error) => error.message,
        );
        return [end, await ctx.waitForSignal("go"), await ctx.run("next", () => 1)];
      };
      const first = await activate(run, simulated, { clock: eagerClock() });
      expect(first.outcome).toEqual({ status: "SUSPENDED", waitsFor: "signal" });
      simulated.submit(first);
      // A timer whose time came here is over for the server too.
      expect(simulated.open.filter(({ what, input }) => what === "timer" && input !== 3_600_000)).toEqual([]);
      simulated.signal("go", "gone");
      const [end, signal, next] = output(await activate(run, simulated)) as unknown[];
      expect([signal, next]).toEqual(["gone", 1]);
      expect(["settled", "nothing came within 300 ms"]).toContain(end);
      expect(begun).toBe(1);
    },
  );

  test("is bounded by the time that is left of a timer that an earlier activation started", async () => {
    const simulated = new SimulatedWorkflow();
    const timeMillis = 1_750_000_000_000;
    const waited: number[] = [];
    const clock = eagerClock(50);
    const run: Run = async (ctx) => {
      const limit = ctx.sleep("10s");
      await ctx.waitForSignal("go");
      return ctx.race([ctx.run("endless", () => new Promise(() => {})), limit.then(() => "late")]);
    };
    simulated.append("TIMER_STARTED", { timerId: "timer-0", durationMs: 10_000, fireAt: timeMillis + 4000 });
    simulated.append("SIGNAL_RECEIVED", { signalName: "go", signalValue: null });
    const at: ProcessClock["at"] = (timeMs, callback) => {
      waited.push(timeMs);
      return clock.at(timeMs, callback);
    };
    expect(output(await activate(run, simulated, { timeMillis, clock: { now: clock.now, at } }))).toBe("late");
    expect(waited).toEqual([4050]);
  });

  test("rejects for those who kept it", async () => {
    const result = await activate(async (ctx) => {
      const endless = ctx.run("endless", () => new Promise(() => {}));
      await ctx.race([endless, ctx.run("quick", () => null)]);
      return endless.catch((error: unknown) => error instanceof OperationCancelledError && error.message);
    });
    expect(output(result)).toBe('operation "endless" was given up');
  });
});

test("a timer that comes due while an operation runs does so on a replay after what came before it", async () => {
  const simulated = new SimulatedWorkflow();
  const run: Run = async (ctx) => {
    const first = ctx.race([ctx.sleep("1m").then(() => "time"), ctx.waitForSignal("go")]);
    const won = await first;
    await ctx
      .withTimeout(
        ctx.run("endless", () => new Promise(() => {})),
        "2m",
      )
      .catch(() => {});
    return [won, await ctx.waitForSignal("more")];
  };
  simulated.submit(await activate(run, simulated));
  simulated.signal("go", "signal");
  simulated.submit(await activate(run, simulated, { clock: eagerClock() }));
  simulated.signal("more", "end");
  expect(output(await activate(run, simulated))).toEqual(["signal", "end"]);
});

describe("an operation", () => {
  test("that ends in time leaves the timer cancelled", async () => {
    const result = await activate((ctx) =>
      ctx.withTimeout(
        ctx.run("quick", () => 7),
        "1h",
      ),
    );
    expect(output(result)).toBe(7);
    expect(result.commands.map(({ type }) => type)).toEqual(["START_TIMER", "RECORD_OPERATION", "CANCEL_TIMER"]);
  });

  test("that was given up leaves no trace when it ends later", async () => {
    const turns = async (count: number) => {
      for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve));
      return count;
    };
    const result = await activate(async (ctx) => {
      const won = await ctx.race([ctx.run("slow", () => turns(4)), ctx.run("quick", () => turns(0))]);
      return [won, await ctx.run("long", () => turns(12))];
    });
    expect(output(result)).toEqual([0, 12]);
    const recorded = result.commands.flatMap((command) => (command.type === "RECORD_OPERATION" ? [command.name] : []));
    expect(recorded).toEqual(["flovyn:order", "quick", "long"]);
  });

  test("does not begin when what it races with happened before", async () => {
    const simulated = new SimulatedWorkflow();
    simulated.signal("first", null);
    simulated.signal("stop", "stopped");
    let begun = false;
    const run: Run = async (ctx) => {
      await ctx.waitForSignal("first");
      const work = ctx.run("work", () => {
        begun = true;
        return new Promise(() => {});
      });
      return ctx.race([work, ctx.waitForSignal("stop")]);
    };
    expect(output(await activate(run, simulated))).toBe("stopped");
    expect(begun).toBe(false);
  });

  test("that something overtook does so again on a replay, whatever arrived before it was recorded", async () => {
    const simulated = new SimulatedWorkflow();
    const run: Run = async (ctx) => {
      const order: unknown[] = [];
      await ctx.waitForSignal("first");
      const parts = [
        ctx.run("work", () => "worked"),
        ctx.waitForSignal("second").then(() => "second"),
        ctx.waitForSignal("third").then(() => "third"),
      ];
      await Promise.all(parts.map(async (part) => order.push(await part)));
      return order;
    };
    simulated.signal("first", null);
    simulated.signal("second", null);
    const late = await activate(run, simulated);
    simulated.signal("third", null);
    simulated.submit(late);
    expect(output(await activate(run, simulated))).toEqual(["second", "worked", "third"]);
  });
});
