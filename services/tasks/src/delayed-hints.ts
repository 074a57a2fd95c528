import { type Bus, hintWork } from "@flovyn/bus";

/** Longer waits are left to the overdue-work sweep: a process does not live for ever. */
const delayMsMax = 60_000;
const pendingMax = 10_000;

/** Hints a queue when the back-off of one of its tasks is over, so that a retry starts on time. */
export interface DelayedHints {
  add(hint: { orgId: string; queue: string; delayMs: number }): void;
  stop(): void;
}

export function createDelayedHints(bus: Bus): DelayedHints {
  const timers = new Set<NodeJS.Timeout>();
  return {
    add: ({ orgId, queue, delayMs }) => {
      if (delayMs > delayMsMax || timers.size >= pendingMax) return;
      const timer = setTimeout(() => {
        timers.delete(timer);
        hintWork(bus, [{ kind: "task", orgId, queue }]);
      }, delayMs);
      timer.unref();
      timers.add(timer);
    },
    stop: () => {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}
