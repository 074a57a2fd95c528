/** The timers service as a whole: its loop, its hints, its stop. */
import { hintDue } from "@flovyn/bus";
import { waitFor } from "@flovyn/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { TimersContext } from "../src/context.js";
import { createTimersService } from "../src/service.js";
import { Sleepers } from "./sleepers.js";

let sleepers: Sleepers;
beforeAll(async () => {
  sleepers = await Sleepers.start();
});
afterAll(() => sleepers.stop());

const contextOf = (replica: number) => sleepers.contexts[replica] as TimersContext;

it("fires what is overdue when it starts, and what a hint tells of later; nothing after its stop", async () => {
  const overdue = await sleepers.sleeping(0);
  const service = createTimersService(contextOf(0));
  await service.start();
  await waitFor("the overdue timer", async () => (await sleepers.fired(overdue)).length === 1);
  const hinted = await sleepers.sleeping(60_000);
  sleepers.clock.advance(60_000);
  hintDue(sleepers.bus, "timers", [sleepers.clock.now()], sleepers.clock.now());
  await waitFor("the hinted timer", async () => (await sleepers.fired(hinted)).length === 1);
  await Promise.all([service.stop(), service.stop()]);
  const late = await sleepers.sleeping(0);
  hintDue(sleepers.bus, "timers", [sleepers.clock.now()], sleepers.clock.now());
  await sleepers.bus.flush();
  // Another replica does it.
  const other = createTimersService(contextOf(1));
  expect(await sleepers.fired(late)).toEqual([]);
  await other.start();
  await waitFor("the late timer", async () => (await sleepers.fired(late)).length === 1);
  await other.stop();
});

it("survives a hint that is none", async () => {
  const service = createTimersService(contextOf(0));
  await service.start();
  sleepers.bus.hint("flovyn.due.timers" as never, Buffer.from("\u0008"));
  await sleepers.bus.flush();
  const order = await sleepers.sleeping(0);
  hintDue(sleepers.bus, "timers", [sleepers.clock.now()], sleepers.clock.now());
  await waitFor("the timer", async () => (await sleepers.fired(order)).length === 1);
  await service.stop();
});

it("answers for no operation, by name", async () => {
  const service = createTimersService(contextOf(0));
  await service.start();
  const caller = { orgId: sleepers.orgId, principalType: "Worker", principalId: "w" } as const;
  const request = { caller, requestId: "r", traceparent: "", timeoutMs: 1_000, payload: new Uint8Array() };
  await expect(
    sleepers.bus.request({ service: "timers", operation: "internal/FireTimer", ...request }),
  ).rejects.toMatchObject({ code: "Unimplemented" });
  await service.stop();
});
