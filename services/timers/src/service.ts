import type { Serving } from "@flovyn/bus";
import { routeRequests, type Service, type ServiceContext } from "@flovyn/runtime";
import { createRoutes } from "./handlers/index.js";

/** Timers, schedules, deadlines of workflows. One replica of many. */
export function createTimersService(context: ServiceContext): Service {
  let serving: Serving | undefined;
  return {
    start: async () => {
      serving = await context.bus.serve("timers", routeRequests(createRoutes()));
    },
    stop: async () => {
      await serving?.stop();
    },
  };
}
