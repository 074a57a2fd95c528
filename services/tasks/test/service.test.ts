import { createInProcessBus, workSubject } from "@flovyn/bus";
import { newId } from "@flovyn/domain";
import { createLogger } from "@flovyn/runtime";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createDelayedHints } from "../src/delayed-hints.js";
import { createTasksService } from "../src/service.js";
import { Harness } from "./harness.js";

describe("delayed hints", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  it("leave when the back-off is over, not before; long ones are left to the sweep; none after the stop", async () => {
    const bus = createInProcessBus({ log: createLogger({ service: "test", level: "silent" }) });
    const orgId = newId();
    let hints = 0;
    await bus.subscribe(workSubject("task", orgId, "q"), () => {
      hints += 1;
    });
    const delayed = createDelayedHints(bus);
    delayed.add({ orgId, queue: "q", delayMs: 500 });
    delayed.add({ orgId, queue: "q", delayMs: 60_001 });
    vi.advanceTimersByTime(499);
    await bus.flush();
    expect(hints).toBe(0);
    vi.advanceTimersByTime(1);
    await bus.flush();
    expect(hints).toBe(1);
    delayed.add({ orgId, queue: "q", delayMs: 100 });
    delayed.stop();
    vi.advanceTimersByTime(100_000);
    await bus.flush();
    expect(hints).toBe(1);
  });
});

describe("tasks service", () => {
  it("answers between start and stop, stops twice without complaint, and finishes what it took", async () => {
    const harness = await new Harness().start(1);
    const context = { ...harness.context, bus: createInProcessBus({ log: harness.log }) };
    const service = createTasksService(context);
    const ask = () =>
      context.bus.request({
        ...{ service: "tasks", operation: "internal/ClaimTasks", caller: harness.caller, requestId: "request" },
        ...{ traceparent: "", timeoutMs: 10_000, payload: new Uint8Array() },
      });
    await expect(ask()).rejects.toMatchObject({ code: "Unavailable" });
    await service.start();
    const taken = ask();
    await Promise.all([service.stop(), service.stop()]);
    await expect(taken).resolves.toEqual(new Uint8Array());
    await expect(ask()).rejects.toMatchObject({ code: "Unavailable" });
    await harness.stop();
  });
});
