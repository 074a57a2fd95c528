// Goal: what was started is stopped, once, in reverse order, within a bound, at whatever moment the stop comes.
import { afterEach, describe, expect, it, vi } from "vitest";
import { createLifecycle, type LifecycleLimits, type LifecycleStep } from "./lifecycle.js";
import { createLogger } from "./logger.js";

function setUp(limits?: LifecycleLimits) {
  const events: string[] = [];
  const lines: { level: string; msg: string; step?: string }[] = [];
  const log = createLogger({
    service: "test",
    level: "info",
    destination: { write: (line) => lines.push(JSON.parse(line)) },
  });
  const step = (name: string, parts: Partial<LifecycleStep> = {}): LifecycleStep => ({
    name,
    start: async () => {
      events.push(`+${name}`);
      await parts.start?.();
    },
    stop: async () => {
      events.push(`-${name}`);
      await parts.stop?.();
    },
  });
  return { events, lines, step, lifecycle: createLifecycle(log, limits) };
}

function held(): { promise: Promise<void>; release: () => void } {
  let release = () => {};
  const promise = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { promise, release };
}

afterEach(() => {
  vi.useRealTimers();
});

describe("lifecycle", () => {
  it("starts in order and stops in reverse order, once", async () => {
    const { events, step, lifecycle } = setUp();
    await lifecycle.start([step("a"), step("b")]);
    await lifecycle.start([step("c")]);
    await Promise.all([lifecycle.stop(), lifecycle.stop()]);
    await lifecycle.stop();
    expect(events).toEqual(["+a", "+b", "+c", "-c", "-b", "-a"]);
  });

  it("stops what was begun when a step fails, and throws its error", async () => {
    const { events, step, lifecycle } = setUp();
    const failing = step("b", { start: () => Promise.reject(new Error("port is taken")) });
    await expect(lifecycle.start([step("a"), failing, step("c")])).rejects.toThrow("port is taken");
    expect(events).toEqual(["+a", "+b", "-b", "-a"]);
    await lifecycle.stop();
    expect(events).toHaveLength(4);
  });

  it("lets a step finish its start before it stops, and starts no further one", async () => {
    const { events, step, lifecycle } = setUp();
    const opening = held();
    const starting = lifecycle.start([step("a"), step("b", { start: () => opening.promise }), step("c")]);
    await vi.waitUntil(() => events.includes("+b"));
    const stopping = lifecycle.stop();
    expect(events).toEqual(["+a", "+b"]);
    opening.release();
    await Promise.all([starting, stopping]);
    expect(events).toEqual(["+a", "+b", "-b", "-a"]);
    await lifecycle.start([step("d")]);
    expect(events).toHaveLength(4);
  });

  it("goes on when a step cannot be stopped", async () => {
    const { events, lines, step, lifecycle } = setUp();
    await lifecycle.start([step("a"), step("b", { stop: () => Promise.reject(new Error("no")) })]);
    await lifecycle.stop();
    expect(events).toEqual(["+a", "+b", "-b", "-a"]);
    expect(lines).toMatchObject([{ level: "error", step: "b", msg: "stopping failed" }]);
  });

  it("leaves a step behind that does not stop in its time", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const { events, lines, step, lifecycle } = setUp({ stepStopMs: 100, stopMs: 150 });
    const hanging = { stop: () => new Promise<void>(() => {}) };
    await lifecycle.start([step("a"), step("b", hanging), step("c", hanging)]);
    const stopping = lifecycle.stop();
    await vi.advanceTimersByTimeAsync(100);
    expect(events).toEqual(["+a", "+b", "+c", "-c", "-b"]);
    await vi.advanceTimersByTimeAsync(50);
    await stopping;
    expect(events.at(-1)).toBe("-a");
    expect(lines.map((line) => line.step)).toEqual(["c", "b"]);
  });
});
