import { afterEach, describe, expect, it, vi } from "vitest";
import { createBatchLane } from "./batch-lane.js";

/** Batches whose ends the test decides. */
function createBatches(slots: number) {
  let nowMs = 0;
  const lane = createBatchLane(slots, () => nowMs);
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    started,
    advance: (ms: number) => {
      nowMs += ms;
    },
    enter: (name: string) =>
      lane.enter(() => {
        started.push(name);
        return new Promise<void>((resolve) => ends.set(name, resolve));
      }),
    end: async (name: string) => {
      ends.get(name)?.();
      await Promise.resolve();
      await Promise.resolve();
    },
  };
}

afterEach(() => {
  vi.useRealTimers();
});

describe("batch lane", () => {
  it("runs as many batches as it has slots, the rest in their order", async () => {
    const { enter, end, started } = createBatches(2);
    for (const name of ["a", "b", "c", "d"]) enter(name);
    expect(started).toEqual(["a", "b"]);
    await end("b");
    expect(started).toEqual(["a", "b", "c"]);
    await end("a");
    expect(started).toEqual(["a", "b", "c", "d"]);
  });

  it("does not let a slow batch hold up the others, within a bound", async () => {
    const { enter, end, started, advance } = createBatches(1);
    enter("slow");
    advance(101);
    for (const name of ["a", "b"]) enter(name);
    expect(started).toEqual(["slow", "a"]);
    await end("a");
    expect(started).toEqual(["slow", "a", "b"]);
    for (let index = 0; index < 10; index++) {
      advance(101);
      enter(`stuck-${index}`);
    }
    expect(started).toHaveLength(6);
  });

  it("notices a batch that becomes slow after everybody entered", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const lane = createBatchLane(1);
    const started: string[] = [];
    const never = () => new Promise<void>(() => {});
    for (const name of ["stuck", "a", "stuck too", "b"]) {
      lane.enter(() => {
        started.push(name);
        return name.startsWith("stuck") ? never() : Promise.resolve();
      });
    }
    expect(started).toEqual(["stuck"]);
    await vi.advanceTimersByTimeAsync(99);
    expect(started).toEqual(["stuck"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(started).toEqual(["stuck", "a", "stuck too"]);
    await vi.advanceTimersByTimeAsync(100);
    expect(started).toEqual(["stuck", "a", "stuck too", "b"]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
