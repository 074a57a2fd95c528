import type { Replica } from "./replica.js";

const line = /^(?<name>[^{ ]+)(?:\{(?<labels>.*)\})? (?<value>\S+)$/;

/** The sum of a figure over replicas, as /metrics of each has it; with labels, of those that carry them all. */
export async function sumOf(
  replicas: readonly Replica[],
  name: string,
  labels: Record<string, string> = {},
): Promise<number> {
  const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  const texts = await Promise.all(replicas.map(async ({ httpUrl }) => (await fetch(`${httpUrl}/metrics`)).text()));
  return texts
    .flatMap((text) => text.split("\n"))
    .map((text) => line.exec(text)?.groups)
    .filter((found) => found?.name === name && wanted.every((label) => found.labels?.includes(label)))
    .reduce((sum, found) => sum + Number(found?.value), 0);
}
