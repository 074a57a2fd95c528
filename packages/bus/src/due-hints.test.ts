// Goal: the services that fire things are told of the earliest one, and only when they might not find it in time.
import { DueHint } from "@flovyn/proto/internal";
import { afterEach, beforeEach, expect, it } from "vitest";
import { recordingLog } from "../test/support.js";
import type { Bus } from "./bus.js";
import { hintDue } from "./due-hints.js";
import { createInProcessBus } from "./in-process-bus.js";
import { type DueService, dueSubject } from "./subjects.js";

const now = Date.UTC(2026, 0, 1);
const horizonMs = 30_000;

let bus: Bus;
beforeEach(() => {
  bus = createInProcessBus({ log: recordingLog() });
});
afterEach(() => bus.drain());

async function heard(service: DueService, dueAt: readonly (number | null)[]): Promise<number[]> {
  const times: number[] = [];
  const subscription = await bus.subscribe(dueSubject(service), (payload) => {
    times.push(DueHint.decode(payload).dueAtMs);
  });
  hintDue(bus, service, dueAt, now);
  await bus.flush();
  await subscription.stop();
  return times;
}

it.each([
  ["the earliest of several", [now + 500, null, now + 20, now + 9_000], [now + 20]],
  ["one that is overdue", [now - 5], [now - 5]],
  ["one at the horizon", [now + horizonMs], [now + horizonMs]],
  ["none beyond it: the slow look comes first", [now + horizonMs + 1], []],
  ["none that is never due", [null, null], []],
  ["none where there is none", [], []],
] as const)("tells %s", async (_, dueAt, expected) => {
  expect(await heard("timers", dueAt)).toEqual(expected);
});

it("finds the earliest of as many as one batch can make", async () => {
  const many = Array.from({ length: 300_000 }, (_, n) => now + n);
  expect(await heard("promises", many)).toEqual([now]);
});

it("reaches each service under its own subject", async () => {
  const times: number[] = [];
  await bus.subscribe(dueSubject("tasks"), (payload) => void times.push(DueHint.decode(payload).dueAtMs));
  hintDue(bus, "timers", [now], now);
  hintDue(bus, "promises", [now], now);
  hintDue(bus, "tasks", [now + 1], now);
  await bus.flush();
  expect(times).toEqual([now + 1]);
});
