// The timers are fakes: what is pending is looked at exactly when the tests say so.
import { DomainError } from "@flovyn/domain";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createBusStats } from "../stats.js";
import { createPendingRequests, type Pending, type PendingRequests } from "./pending.js";

const silenceMs = 1_500;

describe("pending requests", () => {
  let pending: PendingRequests;
  let rejected: DomainError[];
  const stats = createBusStats();

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    pending = createPendingRequests(silenceMs, stats);
    rejected = [];
  });
  afterEach(() => {
    pending.stop();
    vi.useRealTimers();
  });

  const open = (timeoutMs: number): Pending =>
    pending.open({
      service: "tasks",
      operation: "internal/X",
      timeoutMs,
      upload: undefined,
      resolve: () => {},
      reject: (error) => rejected.push(error),
    });

  it("time out at their deadline, the shorter ones first, with one timer for all", () => {
    open(1_000);
    open(300);
    for (let more = 0; more < 100; more += 1) open(500);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(340);
    expect(rejected.map((error) => error.message)).toEqual(["the request got no answer within 300 ms"]);
    vi.advanceTimersByTime(200);
    expect(rejected.length).toBe(101);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(500);
    expect(rejected.length).toBe(102);
    expect(rejected.every((error) => error.code === "Timeout")).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("are given up when nothing is heard of them, after a second look", () => {
    open(60_000);
    vi.advanceTimersByTime(1_560);
    expect(rejected).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(rejected.map((error) => error.code)).toEqual(["Unavailable"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("live as long as something is heard of them, even late", () => {
    const entry = open(10_000);
    for (let second = 0; second < 9; second += 1) {
      vi.advanceTimersByTime(1_000);
      pending.heard(entry);
    }
    expect(rejected).toEqual([]);
    vi.advanceTimersByTime(1_100);
    expect(rejected.map((error) => error.code)).toEqual(["Timeout"]);
  });

  it("survive a process that was busy for longer than silence is borne", () => {
    const entry = open(60_000);
    // The check runs late and before the sockets are read; then the sign of life that was waiting arrives.
    vi.advanceTimersByTime(1_550);
    pending.heard(entry);
    vi.advanceTimersByTime(1_400);
    expect(rejected).toEqual([]);
  });

  it("settle once", async () => {
    const answers: Uint8Array[] = [];
    const entry = pending.open({
      service: "tasks",
      operation: "internal/X",
      timeoutMs: 100,
      upload: undefined,
      resolve: (answer) => answers.push(answer),
      reject: (error) => rejected.push(error),
    });
    pending.resolve(entry, new Uint8Array(1));
    pending.resolve(entry, new Uint8Array(2));
    pending.reject(entry, new DomainError("Internal", "late"));
    vi.advanceTimersByTime(200);
    expect(answers.length).toBe(1);
    expect(rejected).toEqual([]);
    expect(stats.pending).toBe(0);
    await pending.idle();
  });

  it("have ids that no other pending request has", () => {
    const first = open(1_000);
    const ids = new Set([first.id, ...Array.from({ length: 50 }, () => open(1_000).id)]);
    expect(ids.size).toBe(51);
    expect(pending.get(first.id)).toBe(first);
  });
});
