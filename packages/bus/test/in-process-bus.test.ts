import { type Bus, createInProcessBus } from "../src/index.js";
import { describeBusContract } from "./contract.js";

describeBusContract("the in-process bus", async () => {
  let shared: Bus | undefined;
  return {
    async open({ log, stats, ...limits }) {
      if (Object.keys(limits).length > 0) return createInProcessBus({ log, stats, ...limits });
      shared ??= createInProcessBus({ log, stats });
      return shared;
    },
    close: async () => {},
  };
});
