import { describe, expect, test } from "vitest";
import { activate, output, type Run, step } from "../../../test/activate.js";
import { SimulatedWorkflow } from "../../../test/simulated-workflow.js";
import { SignalWaitCancelledError } from "../../errors.js";

const nothing = { commands: [], outcome: { status: "SUSPENDED", waitsFor: "signal" } };

function mark(look: number, signal: string, through: number) {
  const result = Buffer.from(JSON.stringify({ look, signal, through }));
  return { type: "RECORD_OPERATION", name: "flovyn:signals", result };
}

describe("a wait for a signal", () => {
  test("pitfall 20: is no command, and takes signals of a name in the order of their arrival", async () => {
    const simulated = new SimulatedWorkflow();
    const run: Run = async (ctx) => {
      const values: unknown[] = [];
      for (const name of ["a", "b", "a"]) values.push(await ctx.waitForSignal(name));
      return values;
    };
    expect(await step(simulated, run)).toMatchObject(nothing);
    simulated.signal("a", 1);
    simulated.signal("a", { n: 2 });
    simulated.signal("other", 3);
    expect(await step(simulated, run)).toMatchObject(nothing);
    simulated.signal("b", null);
    expect(output(await activate(run, simulated))).toEqual([1, null, { n: 2 }]);
  });

  test("races in the order of history", async () => {
    const simulated = new SimulatedWorkflow();
    const run: Run = (ctx) => Promise.race([ctx.sleep("1h").then(() => "time"), ctx.waitForSignal("go")]);
    await step(simulated, run);
    simulated.signal("go", "signal");
    simulated.fireTimer("timer-0");
    expect(output(await activate(run, simulated))).toBe("signal");
  });

  test("that is given up takes no signal, and rejects", async () => {
    const simulated = new SimulatedWorkflow();
    const run: Run = async (ctx) => {
      const first = ctx.waitForSignal("go");
      first.cancel();
      first.cancel();
      const error = await first.catch((caught: unknown) => caught instanceof SignalWaitCancelledError && caught);
      const second = ctx.waitForSignal("go");
      const value = await second;
      second.cancel();
      return [error, value];
    };
    await step(simulated, run);
    simulated.signal("go", "now");
    expect(output(await activate(run, simulated))).toEqual([
      { name: "SignalWaitCancelledError", signalName: "go" },
      "now",
    ]);
  });
});

describe("a look for signals", () => {
  test("sees what came before the first activation, and leaves a mark of it", async () => {
    const simulated = new SimulatedWorkflow();
    simulated.signal("item", 1);
    simulated.signal("item", 2);
    const run: Run = async (ctx) => {
      const seen = ctx.hasSignal("item");
      const items = ctx.drainSignals("item");
      const more = ctx.drainSignals("item");
      await ctx.sleep(1000);
      return [seen, items, more, ctx.drainSignals("item")];
    };
    expect((await step(simulated, run)).commands).toEqual([
      mark(0, "item", 3),
      { type: "START_TIMER", timerId: "timer-0", durationMs: 1000 },
    ]);
    simulated.signal("item", 3);
    simulated.fireTimer("timer-0");
    expect(output(await activate(run, simulated))).toEqual([true, [1, 2], [], [3]]);
  });

  test("pitfall 20: never sees on replay what came after it was made", async () => {
    const simulated = new SimulatedWorkflow();
    const run: Run = async (ctx) => {
      const early = ctx.hasSignal("message");
      await ctx.waitForSignal("go");
      return [early, ctx.hasSignal("message")];
    };
    // Nothing else of this activation would stay in history, so a mark does.
    expect((await step(simulated, run)).commands).toEqual([mark(0, "message", 0)]);
    simulated.signal("message", null);
    expect((await step(simulated, run)).commands).toEqual([]);
    simulated.signal("go", null);
    expect(output(await activate(run, simulated))).toEqual([false, true]);
  });

  test("pitfall 20: nor what came while its activation was under way", async () => {
    const simulated = new SimulatedWorkflow();
    const run: Run = async (ctx) => {
      const early = ctx.hasSignal("message");
      await ctx.schedule("work");
      return [early, ctx.hasSignal("message")];
    };
    const first = await activate(run, simulated);
    simulated.signal("message", null);
    simulated.submit(first);
    expect(first.commands).toMatchObject([{ type: "SCHEDULE_TASK" }]);
    simulated.completeTask(simulated.waits[0]?.id ?? "", null);
    expect(output(await activate(run, simulated))).toEqual([false, true]);
  });

  test("leaves no mark when the code goes on, and sees what came before the last thing it was given", async () => {
    const simulated = new SimulatedWorkflow();
    const run: Run = async (ctx) => {
      for (let round = 1; ; round++) {
        await ctx.schedule("round");
        if (ctx.hasSignal("stop")) return round;
      }
    };
    await step(simulated, run);
    simulated.completeTask(simulated.open[0]?.id ?? "", null);
    expect((await step(simulated, run)).commands).toMatchObject([{ type: "SCHEDULE_TASK" }]);
    simulated.signal("stop", null);
    simulated.completeTask(simulated.open[0]?.id ?? "", null);
    const last = await activate(run, simulated);
    expect(output(last)).toBe(2);
    expect(last.commands).toEqual([]);
  });

  test("leaves signals to waits that were there before it", async () => {
    const simulated = new SimulatedWorkflow();
    simulated.signal("a", 1);
    simulated.signal("a", 2);
    const run: Run = async (ctx) => {
      const first = ctx.waitForSignal("b");
      const waits = [ctx.waitForSignal("a"), ctx.waitForSignal("a")];
      const seen = ctx.hasSignal("a");
      return [seen, await Promise.all(waits), await first];
    };
    await step(simulated, run);
    simulated.signal("a", 3);
    simulated.signal("b", "b");
    expect(output(await activate(run, simulated))).toEqual([false, [1, 2], "b"]);
  });

  test("that differs from the one in history is a determinism violation", async () => {
    const simulated = new SimulatedWorkflow();
    await step(simulated, (ctx) => (ctx.hasSignal("a") ? 1 : ctx.waitForSignal("go")));
    const result = await activate((ctx) => (ctx.hasSignal("b") ? 1 : ctx.waitForSignal("go")), simulated);
    expect(result.outcome).toMatchObject({
      error:
        'Determinism violation: the workflow code asked to look for signals "b" as its look 1, but history holds ' +
        'a look for signals "a" there (OPERATION_COMPLETED, event sequence 2)',
    });
  });

  test("keeps its marks apart from operations, whose names it does not take", async () => {
    const simulated = new SimulatedWorkflow();
    const run: Run = async (ctx) => {
      const slow = ctx.run("slow", () => new Promise((resolve) => setImmediate(resolve, "slow")));
      const seen = ctx.hasSignal("a");
      const reserved = await ctx.run("flovyn:signals", () => 1).catch(String);
      return [await slow, seen, reserved, await ctx.waitForSignal("a")];
    };
    await step(simulated, run);
    simulated.signal("a", 1);
    expect(output(await activate(run, simulated))).toEqual([
      "slow",
      false,
      "RangeError: ctx.run: names that begin with flovyn: are reserved",
      1,
    ]);
  });
});
