import { processOrder, type Receipt, registerOrderProcessing, sampleOrder } from "@flovyn/example-order-processing";
import { FlovynClient } from "@flovyn/sdk";
import { print } from "../print.js";
import { AsideLines } from "./aside-lines.js";
import { createDemoLogger } from "./demo-logger.js";
import { followHistory } from "./history.js";
import type { DemoTarget } from "./target.js";

/** A worker of the order example, with a client to start orders. */
export interface DemoWorker {
  runOrder(): Promise<Receipt>;
  stop(): Promise<void>;
}

/** Connects the worker of the order example to a server. It also continues orders that an earlier one left. */
export async function startDemoWorker(target: DemoTarget): Promise<DemoWorker> {
  const { serverUrl, httpUrl, orgId, workerToken, apiKey } = target;
  const aside = new AsideLines(print);
  const client = new FlovynClient({
    serverUrl,
    httpUrl,
    orgId,
    workerToken,
    apiKey,
    workerName: "order-demo",
    logger: createDemoLogger(aside.say),
  });
  registerOrderProcessing(client);
  await client.start();
  return {
    runOrder: async () => {
      const handle = await client.startWorkflow(processOrder, sampleOrder);
      print(`  order ${sampleOrder.orderId} is workflow ${handle.id}`);
      const watching = new AbortController();
      const followed = followHistory(target, handle.id, { signal: watching.signal, say: print, aside });
      try {
        return await handle.result({ timeout: "60s" });
      } finally {
        watching.abort();
        await followed;
      }
    },
    stop: () => client.stop(),
  };
}
