import { type Bus, createInProcessBus } from "@flovyn/bus";
import { systemClock } from "@flovyn/domain";
import { createBatchLane, createHealth, createLogger, createMetrics, loadConfig } from "@flovyn/runtime";
import { describe, expect, it } from "vitest";
import { createTimersService } from "./service.js";

function setUp() {
  const log = createLogger({ service: "timers", level: "silent" });
  const bus = createInProcessBus({ log });
  const service = createTimersService({
    config: loadConfig({ env: {} }),
    bus,
    lane: createBatchLane(1),
    clock: systemClock,
    log,
    metrics: createMetrics({ service: "timers", processMetrics: false }),
    health: createHealth(),
  });
  return { bus, service };
}

function call(bus: Bus, operation: string): Promise<unknown> {
  return bus.request({
    service: "timers",
    operation,
    caller: { orgId: "0190a3e0-0000-7000-8000-00000000000a", principalType: "User", principalId: "user" },
    requestId: "request-1",
    traceparent: "",
    payload: new Uint8Array(),
    timeoutMs: 5_000,
  });
}

describe("timers service", () => {
  it.each(["internal/FireTimers"])("answers %s with its name while it is not implemented", async (operation) => {
    const { bus, service } = setUp();
    await service.start();
    await expect(call(bus, operation)).rejects.toMatchObject({
      code: "Unimplemented",
      message: `${operation.split("/")[1]} is not implemented yet`,
    });
    await service.stop();
    await bus.drain();
  });

  it("serves from start to stop; both ends may be repeated", async () => {
    const { bus, service } = setUp();
    await service.stop();
    await expect(call(bus, "internal/Anything")).rejects.toMatchObject({ code: "Unavailable" });
    await service.start();
    await expect(call(bus, "internal/Anything")).rejects.toMatchObject({ code: "Unimplemented" });
    await service.stop();
    await service.stop();
    await expect(call(bus, "internal/Anything")).rejects.toMatchObject({ code: "Unavailable" });
    await bus.drain();
  });
});
