/**
 * The loop that fires what is due. Method: the clock and the timers of the runtime are fakes that move together, so a
 * test says when something is due and reads at which time the loop fired it.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createDueLoop, type DueLoop, type DueLoopOptions } from "./due-loop.js";
import { createLogger } from "./logger.js";

const slowMs = 1_000;
const tenYearsMs = 10 * 366 * 24 * 3_600_000;
const log = createLogger({ service: "test", level: "silent" });

/** Things that are due at some time, and when the loop fired each of them. */
class Items {
  readonly due: number[] = [];
  readonly fired: { dueAt: number; at: number }[] = [];
  readonly passes: number[] = [];
  readonly asked: number[] = [];
  clockAheadMs = 0;

  now(): number {
    return Date.now() + this.clockAheadMs;
  }

  add(...delaysMs: number[]): number {
    this.due.push(...delaysMs.map((delayMs) => this.now() + delayMs));
    return this.due.at(-1) ?? 0;
  }

  loop(options: Partial<DueLoopOptions> = {}): DueLoop {
    const loop = createDueLoop({
      ...{ name: "test", clock: { now: () => this.now() }, log, slowMs },
      fire: async (limit) => this.fire(limit),
      nextDue: async () => {
        this.asked.push(this.now());
        return this.due.length === 0 ? undefined : Math.min(...this.due);
      },
      ...options,
    });
    loops.push(loop);
    return loop;
  }

  fire(limit: number) {
    const now = this.now();
    this.passes.push(now);
    const found = this.due.filter((dueAt) => dueAt <= now).slice(0, limit);
    for (const dueAt of found) {
      this.due.splice(this.due.indexOf(dueAt), 1);
      this.fired.push({ dueAt, at: now });
    }
    return { found: found.length, fired: found.length };
  }
}

const loops: DueLoop[] = [];
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] }));
afterEach(async () => {
  await Promise.all(loops.splice(0).map((loop) => loop.stop()));
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("due loop", () => {
  it("fires what is overdue at its start, and each later item at its time, never before it", async () => {
    const items = new Items();
    items.add(-5_000, 100, 730, 731);
    items.loop().start();
    await pass(2_000);
    expect(items.fired).toHaveLength(4);
    for (const { dueAt, at } of items.fired.slice(1)) {
      expect(at).toBeGreaterThanOrEqual(dueAt);
      expect(at).toBeLessThanOrEqual(dueAt + 10);
    }
  });

  it("sleeps while nothing is due: it looks once in slowMs, give or take a fifth", async () => {
    const items = new Items();
    items.add(tenYearsMs);
    items.loop().start();
    await pass(20 * slowMs);
    expect(items.fired).toEqual([]);
    expect(items.passes.length).toBeGreaterThanOrEqual(17);
    expect(items.passes.length).toBeLessThanOrEqual(26);
  });

  it("is brought forward by a note, and not put off by one of a later time", async () => {
    const items = new Items();
    const loop = items.loop();
    loop.start();
    await pass(1);
    const dueAt = items.add(50);
    loop.note(dueAt);
    loop.note(dueAt + 300);
    await pass(60);
    expect(items.fired).toEqual([{ dueAt, at: dueAt }]);
  });

  it("finds by the slow look what a lost hint would have told", async () => {
    const items = new Items();
    items.loop().start();
    await pass(1);
    const dueAt = items.add(20);
    await pass(slowMs * 1.2);
    expect(items.fired).toHaveLength(1);
    expect(items.fired[0]?.at).toBeGreaterThanOrEqual(dueAt);
  });

  it("keeps a note that arrives while a pass runs", async () => {
    const items = new Items();
    let end = () => {};
    let first = true;
    const loop = items.loop({
      fire: async (limit) => {
        if (first) await new Promise<void>((resolve) => (end = resolve));
        first = false;
        return items.fire(limit);
      },
      // The look for the next time has missed it: it was committed a moment later.
      nextDue: async () => undefined,
    });
    loop.start();
    await pass(1);
    loop.note(items.add(100));
    end();
    await pass(120);
    expect(items.fired).toHaveLength(1);
  });

  it("fires what a note tells when its clock has run ahead of the timer it is armed with", async () => {
    const items = new Items();
    const loop = items.loop();
    loop.start();
    await pass(1);
    // As after the sleep of a machine, or when a clock is set.
    items.clockAheadMs = 3_600_000;
    const dueAt = items.add(0);
    loop.note(dueAt);
    await pass(20);
    expect(items.fired).toHaveLength(1);
  });

  it("drains a storm in full batches that follow each other at once, then sleeps again", async () => {
    const items = new Items();
    items.add(...Array.from({ length: 1_000 }, () => -1));
    items.loop().start();
    await pass(100);
    expect(items.fired).toHaveLength(1_000);
    // 256 at a time; the last pass is not full. Only after it the next time is asked for.
    expect(items.passes).toHaveLength(4);
    expect(items.asked).toHaveLength(1);
  });

  it("leaves the event loop a gap between passes", async () => {
    const items = new Items();
    items.add(...Array.from({ length: 600 }, () => -1));
    items.loop().start();
    await pass(100);
    const gaps = items.passes.slice(1).map((at, index) => at - (items.passes[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(5);
  });

  it("waits a moment for items that are in other hands, instead of asking for them without end", async () => {
    const items = new Items();
    const fire = async () => {
      items.passes.push(items.now());
      return { found: 3, fired: 0 };
    };
    items.loop({ fire }).start();
    await pass(400);
    expect(items.passes.length).toBeGreaterThanOrEqual(10);
    expect(items.passes.length).toBeLessThanOrEqual(21);
  });

  it("backs off while passes fail, whatever is noted, and works on when they succeed", async () => {
    const items = new Items();
    let broken = true;
    let tries = 0;
    const loop = items.loop({
      fire: async (limit) => {
        tries += 1;
        if (broken) throw new Error("away");
        return items.fire(limit);
      },
    });
    loop.start();
    for (let step = 0; step < 60; step++) {
      loop.note(items.now());
      await pass(100);
    }
    expect(tries).toBeGreaterThanOrEqual(4);
    expect(tries).toBeLessThanOrEqual(7);
    broken = false;
    items.add(0);
    await pass(6_000);
    expect(items.fired).toHaveLength(1);
  });

  it("ignores notes before its start and after its stop", async () => {
    const items = new Items();
    const loop = items.loop();
    loop.note(items.add(0));
    await pass(slowMs);
    expect(items.passes).toEqual([]);
    loop.start();
    loop.start();
    await pass(1);
    expect(items.fired).toHaveLength(1);
    await loop.stop();
    loop.note(items.add(0));
    loop.start();
    await pass(2 * slowMs);
    expect(items.fired).toHaveLength(1);
  });

  it("stops after the pass that runs, twice without complaint", async () => {
    const items = new Items();
    let end = () => {};
    const loop = items.loop({
      fire: async (limit) => {
        await new Promise<void>((resolve) => (end = resolve));
        return items.fire(limit);
      },
    });
    items.add(0);
    loop.start();
    await pass(1);
    let stopped = false;
    const stopping = Promise.all([loop.stop(), loop.stop()]).then(() => (stopped = true));
    await pass(10);
    expect(stopped).toBe(false);
    end();
    await stopping;
    expect(items.fired).toHaveLength(1);
    await pass(2 * slowMs);
    expect(items.passes).toHaveLength(1);
  });

  it("runs passes one after the other when a test asks for one more", async () => {
    const items = new Items();
    let running = 0;
    const loop = items.loop({
      fire: async (limit) => {
        expect(++running).toBe(1);
        await Promise.resolve();
        running -= 1;
        return items.fire(limit);
      },
    });
    items.add(0, 0);
    expect(await Promise.all([loop.runOnce(), loop.runOnce()])).toEqual([
      { found: 2, fired: 2 },
      { found: 0, fired: 0 },
    ]);
    const failing = items.loop({ fire: async () => Promise.reject(new Error("away")) });
    await expect(failing.runOnce()).rejects.toThrow("away");
  });
});
