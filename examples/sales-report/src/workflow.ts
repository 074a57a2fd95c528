import { TaskFailedError, workflow } from "@flovyn/sdk";
import { mapWindow } from "./map-window.js";
import { addRevenue, type Revenue, type SalesQuestion, type SalesReport } from "./sales.js";
import { readTill } from "./tasks.js";

/** Reads every store, a few at once, and adds up. Some stores may be missing; too many make the report fail. */
export const reportSales = workflow({
  name: "sales-report",
  description: "Fan out over stores, add up what came back.",
  run: async (ctx, { stores, storesAtOnce, missingMax }: SalesQuestion): Promise<SalesReport> => {
    // A window rather than all at once: the tasks of other workflows on this queue get their turn, too.
    const outcomes = await mapWindow(stores, storesAtOnce, (store) => ctx.schedule(readTill, { store }));

    const parts: Revenue[] = [];
    const missing: SalesReport["missing"] = [];
    for (const [at, outcome] of outcomes.entries()) {
      if (outcome.status === "fulfilled") parts.push(outcome.value);
      // A failed task is a missing store. Anything else is a fault of this code and fails the workflow.
      else if (!(outcome.reason instanceof TaskFailedError)) throw outcome.reason;
      else missing.push({ store: stores[at] ?? "", reason: outcome.reason.failure });
    }
    if (missing.length > missingMax) {
      const names = missing.map(({ store }) => store).join(", ");
      throw new Error(`${missing.length} of ${stores.length} stores are missing, ${missingMax} may: ${names}`);
    }
    const revenue = addRevenue(parts);
    const totalCents = Object.values(revenue).reduce((sum, cents) => sum + cents, 0);
    return { stores: parts.length, revenue, totalCents, missing };
  },
});
