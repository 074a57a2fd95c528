import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { silentLogger } from "../logger.js";
import type { PendingCall } from "../wire/connection.js";
import { PollLoop } from "./poll-loop.js";

interface Poll {
  answer(item: string | undefined): Promise<void>;
  fail(): Promise<void>;
}

const holdMs = 1000;

/** A loop whose polls and items the test ends by hand; time stands still unless the test moves it. */
function createLoop(slots: number) {
  const parked: Poll[] = [];
  const running = new Map<string, () => Promise<void>>();
  const settle = () => vi.advanceTimersByTimeAsync(0);
  const loop = new PollLoop<string>({
    work: "task",
    slots,
    holdMs,
    log: silentLogger,
    poll(): PendingCall<string | undefined> {
      let end: { resolve(item: string | undefined): void; reject(error: Error): void } | undefined;
      const response = new Promise<string | undefined>((resolve, reject) => {
        end = { resolve, reject };
      });
      const leave = () => parked.splice(parked.indexOf(poll), 1);
      const poll: Poll = {
        async answer(item) {
          leave();
          end?.resolve(item);
          await settle();
        },
        async fail() {
          leave();
          end?.reject(new Error("unavailable"));
          await settle();
        },
      };
      parked.push(poll);
      return { response, cancel: () => void poll.fail() };
    },
    run: (item) =>
      new Promise((resolve) => {
        running.set(item, async () => {
          running.delete(item);
          resolve();
          await settle();
        });
      }),
  });
  return { loop, parked, running };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("a poll loop", () => {
  test("keeps one poll while nothing comes, one more with each item, and one less with each empty answer", async () => {
    const { loop, parked } = createLoop(100);
    void loop.start();
    expect(parked).toHaveLength(1);
    for (let n = 1; n <= 4; n++) {
      await parked[0]?.answer(`item ${n}`);
      expect(parked).toHaveLength(n + 1);
    }
    await vi.advanceTimersByTimeAsync(holdMs);
    await parked[0]?.answer(undefined);
    expect(parked).toHaveLength(4);
  });

  test("polls only for free slots", async () => {
    const { loop, parked, running } = createLoop(2);
    void loop.start();
    await parked[0]?.answer("a");
    expect(parked).toHaveLength(1);
    await parked[0]?.answer("b");
    expect(parked).toHaveLength(0);
    await running.get("a")?.();
    expect(parked).toHaveLength(1);
  });

  test("pauses when the server does not hold polls, until there may be work", async () => {
    const { loop, parked } = createLoop(10);
    void loop.start();
    await parked[0]?.answer(undefined);
    expect(parked).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(50);
    expect(parked).toHaveLength(1);
    await parked[0]?.answer(undefined);
    expect(parked).toHaveLength(0);
    loop.wake();
    expect(parked).toHaveLength(1);
  });

  test("waits longer with each failure, and no hint shortens that", async () => {
    const { loop, parked } = createLoop(10);
    void loop.start();
    for (const maxMs of [100, 200, 400, 800, 1600, 3200, 5000, 5000]) {
      await parked[0]?.fail();
      loop.wake();
      expect(parked).toHaveLength(0);
      await vi.advanceTimersByTimeAsync(maxMs / 2 - 1);
      expect(parked).toHaveLength(0);
      await vi.advanceTimersByTimeAsync(maxMs / 2 + 1);
      expect(parked).toHaveLength(1);
    }
    await parked[0]?.answer("a");
    expect(parked).toHaveLength(2);
  });

  test("makes one pause for polls that break together", async () => {
    const { loop, parked } = createLoop(10);
    void loop.start();
    for (let n = 1; n <= 4; n++) await parked[0]?.answer(`item ${n}`);
    await Promise.all([...parked].map((poll) => poll.fail()));
    expect(parked).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(100);
    expect(parked).toHaveLength(1);
  });

  test("stops polling at once, and is drained when what runs has ended", async () => {
    const { loop, parked, running } = createLoop(10);
    void loop.start();
    await parked[0]?.answer("a");
    loop.stopPolling();
    let drained = false;
    const draining = loop.drained().then(() => {
      drained = true;
    });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(parked).toHaveLength(0);
    expect(drained).toBe(false);
    await running.get("a")?.();
    await draining;
    expect(drained).toBe(true);
  });
});
