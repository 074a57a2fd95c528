import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { NonRetryableError, task } from "@flovyn/sdk";
import type { Revenue } from "./sales.js";

/** The store of this example whose till cannot be read. */
export const brokenStore = "Graz";
const products = ["coffee", "cups", "tea"];
/** As long as a real till might take. */
const readingMs = 200;

export const readTill = task({
  name: "read-till",
  retry: { maxRetries: 3, strategy: "exponential", base: "200ms", max: "5s" },
  run: async (ctx, { store }: { store: string }): Promise<Revenue> => {
    await pause(readingMs, undefined, { signal: ctx.signal });
    if (store === brokenStore) throw new NonRetryableError(`the till of ${store} cannot be read`);
    const digest = createHash("sha256").update(store).digest();
    return Object.fromEntries(products.map((product, at) => [product, digest.readUInt16BE(2 * at)]));
  },
});
