import { dueSubject, type Serving, type Subscription } from "@flovyn/bus";
import { findTimedOutPromises, nextPromiseTimeout } from "@flovyn/db";
import { DueHint } from "@flovyn/proto/internal";
import { createDueLoop, routeRequests, type Service } from "@flovyn/runtime";
import { createBatches } from "./batches/index.js";
import type { PromisesContext } from "./context.js";
import { createRoutes } from "./handlers/index.js";

/** Promises and their settlement. One replica of many. */
export function createPromisesService(context: PromisesContext): Service {
  const batches = createBatches(context);
  const loop = createDueLoop({
    name: "promise.due",
    clock: context.clock,
    log: context.log,
    metrics: context.metrics,
    fire: async (limit) => {
      const due = await findTimedOutPromises(context.db, { now: context.clock.now(), limit });
      const timedOut = await Promise.all(due.map((promise) => batches.timeOut.submit(promise)));
      return { found: due.length, fired: timedOut.filter(Boolean).length };
    },
    nextDue: () => nextPromiseTimeout(context.db),
  });
  let serving: Serving | undefined;
  let hints: Subscription | undefined;
  return {
    start: async () => {
      serving = await context.bus.serve("promises", routeRequests(createRoutes(context, batches)));
      hints = await context.bus.subscribe(dueSubject("promises"), (payload) =>
        loop.note(DueHint.decode(payload).dueAtMs),
      );
      loop.start();
    },
    stop: async () => {
      await hints?.stop();
      await serving?.stop();
      await loop.stop();
      await Promise.all(Object.values(batches).map((batch) => batch.stop()));
    },
  };
}
