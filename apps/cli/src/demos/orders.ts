import { startDemoWorker } from "../dev/demo-worker.js";
import { printLines } from "../print.js";
import type { Demo } from "./demo.js";

export const orders: Demo = {
  name: "orders",
  usage: "",
  summary: "tasks one after the other and in parallel, a payment that is retried",
  options: [],
  words: 0,
  run: async ({ target }) => {
    const worker = await startDemoWorker(target);
    try {
      printLines(JSON.stringify(await worker.runOrder(), null, 2).split("\n"));
    } finally {
      await worker.stop();
    }
  },
};
