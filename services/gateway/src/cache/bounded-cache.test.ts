import { describe, expect, it } from "vitest";
import { BoundedCache } from "./bounded-cache.js";

describe("BoundedCache", () => {
  it("forgets an entry when its time is over, however often it was read", () => {
    let now = 0;
    const cache = new BoundedCache<string>({ entriesMax: 10, now: () => now });
    cache.set("key", "value", 100);
    now = 99;
    expect(cache.get("key")).toBe("value");
    now = 100;
    expect(cache.get("key")).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  it("drops the oldest entry when it is full, and keeps one entry per key", () => {
    const cache = new BoundedCache<number>({ entriesMax: 2, now: () => 0 });
    cache.set("a", 1, 10);
    cache.set("b", 2, 10);
    cache.set("a", 3, 10);
    cache.set("c", 4, 10);
    expect([cache.get("a"), cache.get("b"), cache.get("c")]).toEqual([3, undefined, 4]);
    expect(cache.size).toBe(2);
  });
});
