import { describe, expect, it } from "vitest";
import { fireTimer } from "./fire.js";
import type { Timer } from "./state.js";

const armed: Timer = { id: "t", workflowId: "w", timerId: "sleep-1", status: "ARMED", fireAtMs: 100 };

describe("timers", () => {
  it("never fire early, and fire late ones at once", () => {
    expect(fireTimer(armed, 99)).toBeUndefined();
    for (const now of [100, 1_000_000]) {
      const fired = fireTimer(armed, now);
      expect(fired?.next.status).toBe("FIRED");
      expect(fired?.event).toMatchObject({ type: "TIMER_FIRED", wakes: true });
      expect(Buffer.from(fired?.event.data ?? "").toString()).toBe('{"timerId":"sleep-1"}');
    }
  });

  it("fire once, and not when they were cancelled", () => {
    expect(fireTimer({ ...armed, status: "FIRED" }, 100)).toBeUndefined();
    expect(fireTimer({ ...armed, status: "CANCELLED" }, 100)).toBeUndefined();
  });
});
