import { dueSubject, type Serving, type Subscription } from "@flovyn/bus";
import { findDueTimers, nextTimerDue } from "@flovyn/db";
import { DueHint } from "@flovyn/proto/internal";
import { createDueLoop, routeRequests, type Service } from "@flovyn/runtime";
import type { TimersContext } from "./context.js";
import { createFireBatcher } from "./fire-timers.js";

/** Timers of workflows. One replica of many. */
export function createTimersService(context: TimersContext): Service {
  const batcher = createFireBatcher(context);
  const loop = createDueLoop({
    name: "timer.due",
    clock: context.clock,
    log: context.log,
    metrics: context.metrics,
    fire: async (limit) => {
      const due = await findDueTimers(context.db, { now: context.clock.now(), limit });
      const fired = await Promise.all(due.map((timer) => batcher.submit(timer)));
      return { found: due.length, fired: fired.filter(Boolean).length };
    },
    nextDue: () => nextTimerDue(context.db),
  });
  let serving: Serving | undefined;
  let hints: Subscription | undefined;
  return {
    start: async () => {
      serving = await context.bus.serve("timers", routeRequests(new Map()));
      hints = await context.bus.subscribe(dueSubject("timers"), (payload) =>
        loop.note(DueHint.decode(payload).dueAtMs),
      );
      loop.start();
    },
    stop: async () => {
      await hints?.stop();
      await serving?.stop();
      await loop.stop();
      await batcher.stop();
    },
  };
}
