import { waitFor } from "@flovyn/testing";
import type { Replica } from "./replica.js";

const line = /^(?<name>[^{ ]+)(?:\{(?<labels>.*)\})? (?<value>\S+)$/;

const collectedAt = /^flovyn_metrics_collected_timestamp_seconds\{.*\} (\S+)$/m;

/** The figures of a replica, read after this was called: a reading serves all scrapes of a second. */
export async function scrapeOf({ name, opsUrl }: Replica): Promise<string> {
  const askedMs = Date.now();
  let text = "";
  await waitFor(`figures of ${name} that are read now`, async () => {
    text = await (await fetch(`${opsUrl}/metrics`)).text();
    return Number(collectedAt.exec(text)?.[1]) * 1000 >= askedMs;
  });
  return text;
}

/** The sum of a figure over replicas, as it is now; with labels, of those that carry them all. */
export async function sumOf(
  replicas: readonly Replica[],
  name: string,
  labels: Record<string, string> = {},
): Promise<number> {
  const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  const texts = await Promise.all(replicas.map(scrapeOf));
  return texts
    .flatMap((text) => text.split("\n"))
    .map((text) => line.exec(text)?.groups)
    .filter((found) => found?.name === name && wanted.every((label) => found.labels?.includes(label)))
    .reduce((sum, found) => sum + Number(found?.value), 0);
}
