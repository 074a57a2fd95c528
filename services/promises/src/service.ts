import type { Serving } from "@flovyn/bus";
import { routeRequests, type Service, type ServiceContext } from "@flovyn/runtime";
import { createRoutes } from "./handlers/index.js";

/** Promises and their settlement. One replica of many. */
export function createPromisesService(context: ServiceContext): Service {
  let serving: Serving | undefined;
  return {
    start: async () => {
      serving = await context.bus.serve("promises", routeRequests(createRoutes()));
    },
    stop: async () => {
      await serving?.stop();
    },
  };
}
