import { describe, expect, test } from "vitest";
import { activate, output, type Run, step } from "../../../test/activate.js";
import { SimulatedWorkflow } from "../../../test/simulated-workflow.js";
import { TimeoutError, TimerCancelledError } from "../../errors.js";

describe("a sleep", () => {
  test("is a timer, named by its position", async () => {
    const simulated = new SimulatedWorkflow();
    const run: Run = async (ctx) => {
      await ctx.sleep("30d");
      await ctx.sleepUntil(new Date(1_750_000_001_500));
      return "rested";
    };
    expect((await step(simulated, run)).commands).toEqual([
      { type: "START_TIMER", timerId: "timer-0", durationMs: 2_592_000_000 },
    ]);
    simulated.fireTimer("timer-0");
    const second = await step(simulated, run);
    expect(second.commands).toEqual([{ type: "START_TIMER", timerId: "timer-1", durationMs: 1500 }]);
    expect(second.outcome).toEqual({ status: "SUSPENDED", waitsFor: "timer" });
    simulated.fireTimer("timer-1");
    expect(output(await activate(run, simulated))).toBe("rested");
  });

  test("until a time that is past takes no time", async () => {
    const result = await activate((ctx) => ctx.sleepUntil(0));
    expect(result.commands).toMatchObject([{ durationMs: 0 }]);
  });

  test("of no duration is refused before it takes a position", async () => {
    const result = await activate(async (ctx) => {
      const wrong = [ctx.sleep(-1), ctx.sleep("3661d"), ctx.sleep("soon"), ctx.sleepUntil(new Date("never"))];
      const errors = await Promise.all(wrong.map((one) => one.then(() => "no error").catch(String)));
      void ctx.sleep("3660d");
      return errors;
    });
    expect(output(result)).toEqual([
      "RangeError: ctx.sleep: -1 milliseconds is not a duration from 0 to ten years",
      "RangeError: ctx.sleep: 3661d is not a duration from 0 to ten years",
      'RangeError: ctx.sleep: "soon" is not a duration; write for example "30s", "5m", "1h30m", or a number of milliseconds',
      "RangeError: ctx.sleepUntil: must be a Date or milliseconds since 1970, is Invalid Date",
    ]);
    expect(result.commands).toMatchObject([{ timerId: "timer-0" }]);
  });

  test("until a time too far away fails the workflow, because the time until then changes from replay to replay", async () => {
    const result = await activate((ctx) => ctx.sleepUntil(new Date("2100-01-01")).catch(() => "caught"));
    expect(result.outcome).toMatchObject({ status: "FAILED", error: expect.stringContaining("ctx.sleepUntil") });
  });

  test("that somebody cancelled rejects", async () => {
    const simulated = new SimulatedWorkflow();
    const run: Run = (ctx) => ctx.sleep("1h").catch((error: unknown) => error instanceof TimerCancelledError && error);
    await step(simulated, run);
    simulated.append("TIMER_CANCELLED", { timerId: "timer-0" });
    expect(output(await activate(run, simulated))).toMatchObject({ timerId: "timer-0" });
  });
});

describe("cancelling a sleep", () => {
  const run: Run = async (ctx) => {
    const sleep = ctx.sleep("1h");
    await ctx.waitForSignal("enough");
    sleep.cancel();
    sleep.cancel();
    const end = await sleep.then(() => "slept").catch((error: Error) => error.message);
    await ctx.waitForSignal("more");
    return end;
  };

  test("rejects it at once and asks the server once", async () => {
    const simulated = new SimulatedWorkflow();
    await step(simulated, run);
    simulated.signal("enough", null);
    expect((await step(simulated, run)).commands).toEqual([{ type: "CANCEL_TIMER", timerId: "timer-0" }]);
    expect(simulated.types().at(-1)).toBe("TIMER_CANCELLED");
    simulated.signal("more", null);
    const last = await activate(run, simulated);
    expect(last.commands).toEqual([]);
    expect(output(last)).toBe('Timer "timer-0" was cancelled');
  });

  test("means the same to the code when the timer fired just before the server heard of it", async () => {
    const simulated = new SimulatedWorkflow();
    await step(simulated, run);
    simulated.signal("enough", null);
    const late = await activate(run, simulated);
    simulated.fireTimer("timer-0");
    simulated.submit(late);
    expect(simulated.types()).not.toContain("TIMER_CANCELLED");
    simulated.signal("more", null);
    const last = await activate(run, simulated);
    expect(last.commands).toEqual([]);
    expect(output(last)).toBe('Timer "timer-0" was cancelled');
  });

  test("is not asked of the server when history tells that the timer fired, but the code has not come to it", async () => {
    const simulated = new SimulatedWorkflow();
    await step(simulated, run);
    simulated.signal("enough", null);
    simulated.fireTimer("timer-0");
    expect((await step(simulated, run)).commands).toEqual([]);
  });

  test("does nothing after the sleep ended", async () => {
    const simulated = new SimulatedWorkflow();
    const short: Run = async (ctx) => {
      const sleep = ctx.sleep("1s");
      await sleep;
      sleep.cancel();
      return "slept";
    };
    await step(simulated, short);
    simulated.fireTimer("timer-0");
    const last = await activate(short, simulated);
    expect(output(last)).toBe("slept");
    expect(last.commands).toEqual([]);
  });
});

describe("a limit of time", () => {
  const run: Run = (ctx) =>
    ctx
      .withTimeout(ctx.schedule("slow"), "5s")
      .catch((error: unknown) => error instanceof TimeoutError && `${error.message}, ${error.timeoutMs}`);

  test("rejects when the timer is first", async () => {
    const simulated = new SimulatedWorkflow();
    await step(simulated, run);
    simulated.fireTimer("timer-0");
    expect(output(await activate(run, simulated))).toBe("nothing came within 5000 ms, 5000");
  });

  test("cancels the timer when the promise is first, resolved or rejected", async () => {
    for (const end of ["completeTask", "failTask"] as const) {
      const simulated = new SimulatedWorkflow();
      const settled: Run = (ctx) => ctx.withTimeout(ctx.schedule("slow"), "5s").catch(() => "failed");
      await step(simulated, settled);
      simulated[end](simulated.waits[0]?.id ?? "", "done");
      const last = await activate(settled, simulated);
      expect(output(last)).toBe(end === "completeTask" ? "done" : "failed");
      expect(last.commands).toEqual([{ type: "CANCEL_TIMER", timerId: "timer-0" }]);
    }
  });

  test("gives up a wait for a signal, so that the next wait gets the next signal", async () => {
    const simulated = new SimulatedWorkflow();
    const patient: Run = async (ctx) => {
      const first = await ctx.withTimeout(ctx.waitForSignal("news"), "5s").catch(() => "nothing yet");
      return [first, await ctx.waitForSignal("news")];
    };
    await step(simulated, patient);
    simulated.fireTimer("timer-0");
    simulated.signal("news", "rain");
    expect(output(await activate(patient, simulated))).toEqual(["nothing yet", "rain"]);
  });

  test("of no duration is refused before the timer starts", async () => {
    const result = await activate((ctx) =>
      ctx
        .withTimeout(
          ctx.run("one", () => 1),
          "soon",
        )
        .catch(String),
    );
    expect(output(result)).toContain('ctx.withTimeout: "soon" is not a duration');
    expect(result.commands).toEqual([]);
  });
});
