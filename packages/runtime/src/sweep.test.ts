// Goal: a sweep runs one pass at a time, never ends on an error, and stops only after the pass that runs.
// The timers are fake: pauses are moved through, not waited for.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLogger } from "./logger.js";
import { createMetrics } from "./metrics.js";
import { createSweep, type SweepOptions } from "./sweep.js";

function sweepOf(options: Partial<SweepOptions> & Pick<SweepOptions, "run">) {
  const lines: { level: string; msg: string }[] = [];
  const log = createLogger({
    service: "test",
    level: "debug",
    destination: { write: (line) => lines.push(JSON.parse(line)) },
  });
  const metrics = createMetrics({ service: "test", processMetrics: false });
  return {
    lines,
    metrics,
    sweep: createSweep({ name: "test", intervalMs: 1_000, jitter: 0, log, metrics, ...options }),
  };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  // The first pass comes at any moment of the first interval; at its very start the second would fall into it, too.
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("sweep", () => {
  it("makes a pass each interval, the first within one", async () => {
    const run = vi.fn(async () => 0);
    const { sweep } = sweepOf({ run });
    sweep.start();
    sweep.start();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(run).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(run).toHaveBeenCalledTimes(6);
    await sweep.stop();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(run).toHaveBeenCalledTimes(6);
  });

  it("goes on at once while a pass is full", async () => {
    const sizes = [10, 10, 3];
    const run = vi.fn(async () => sizes.shift() ?? 0);
    const { sweep } = sweepOf({ run, batchSize: 10 });
    sweep.start();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(run).toHaveBeenCalledTimes(3);
    await sweep.stop();
  });

  it("survives errors with growing pauses, and says so when it works again", async () => {
    const times: number[] = [];
    const run = vi.fn(async () => {
      times.push(Date.now());
      if (times.length <= 3) throw new Error("the database is away");
      return 1;
    });
    vi.useFakeTimers();
    const { sweep, lines, metrics } = sweepOf({ run });
    sweep.start();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(
      times
        .slice(1)
        .map((time, index) => time - (times[index] ?? 0))
        .slice(0, 4),
    ).toEqual([2_000, 4_000, 8_000, 1_000]);
    expect(lines.filter(({ level }) => level === "warn").map(({ msg }) => msg)).toEqual(["sweep failed"]);
    expect(lines.map(({ msg }) => msg)).toContain("sweep works again");
    expect(await metrics.registry.metrics()).toContain('flovyn_sweeps_total{sweep="test",result="failed"} 3');
    await sweep.stop();
  });

  it("never overlaps: a pass asked for waits for the one that runs", async () => {
    const ends: (() => void)[] = [];
    let running = 0;
    const { sweep } = sweepOf({
      run: async () => {
        running += 1;
        expect(running).toBe(1);
        await new Promise<void>((resolve) => ends.push(resolve));
        running -= 1;
        return ends.length;
      },
    });
    sweep.start();
    await vi.advanceTimersByTimeAsync(1_000);
    const asked = [sweep.runOnce(), sweep.runOnce()];
    for (let pass = 0; pass < 3; pass++) {
      await vi.advanceTimersByTimeAsync(0);
      expect(ends).toHaveLength(pass + 1);
      ends[pass]?.();
    }
    expect(await Promise.all(asked)).toEqual([2, 3]);
    await sweep.stop();
  });

  it("stops after the pass that runs, whose signal is aborted, without calling that a failure", async () => {
    const { sweep, lines } = sweepOf({
      run: (signal) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("told to stop")))),
    });
    sweep.start();
    await vi.advanceTimersByTimeAsync(1_000);
    await sweep.stop();
    await sweep.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(lines).toEqual([]);
  });

  it("passes the errors of a single pass on", async () => {
    const { sweep } = sweepOf({ run: () => Promise.reject(new Error("broken")) });
    await expect(sweep.runOnce()).rejects.toThrow("broken");
    await expect(sweep.runOnce()).rejects.toThrow("broken");
    await sweep.stop();
  });
});
