import { setTimeout as pause } from "node:timers/promises";

/** Figures of one or several processes, summed: `name{label}` stands for all of its other labels. */
export interface ServerMetrics {
  statements: number;
  transactions: number;
  /** Passes of sweeps; a pass that finds nothing is one statement and one commit. */
  sweeps: number;
  batches: Map<string, BatchTotals>;
}

export interface BatchTotals {
  batches: number;
  items: number;
}

const fetchTimeoutMs = 5_000;

const askAgainMs = 50;

/** Reads /metrics of all processes and sums them up. */
export async function readMetrics(urls: readonly string[]): Promise<ServerMetrics> {
  return sumMetrics(await Promise.all(urls.map(readNow)));
}

const collectedAt = /^flovyn_metrics_collected_timestamp_seconds\{.*\} (\S+)$/m;

/** What a process counted until now: one reading serves all scrapes of a second, so an older one is asked for again. */
async function readNow(url: string): Promise<string> {
  const askedMs = Date.now();
  for (;;) {
    const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(fetchTimeoutMs) });
    if (!response.ok) throw new Error(`${url}/metrics answered ${response.status}`);
    const text = await response.text();
    if (Number(collectedAt.exec(text)?.[1]) * 1000 >= askedMs) return text;
    await pause(askAgainMs);
  }
}

const line = /^(flovyn_\w+)(?:\{(.*)\})? (\S+)$/;

export function sumMetrics(texts: readonly string[]): ServerMetrics {
  const sum: ServerMetrics = { statements: 0, transactions: 0, sweeps: 0, batches: new Map() };
  for (const text of texts.join("\n").split("\n")) {
    const [, name, labels = "", value] = line.exec(text) ?? [];
    if (name === "flovyn_db_statements_total") sum.statements += Number(value);
    else if (name === "flovyn_db_transactions_total") sum.transactions += Number(value);
    else if (name === "flovyn_sweeps_total") sum.sweeps += Number(value);
    else if (name === "flovyn_batch_items_sum") batchOf(sum, labels).items += Number(value);
    else if (name === "flovyn_batch_items_count") batchOf(sum, labels).batches += Number(value);
  }
  return sum;
}

function batchOf(sum: ServerMetrics, labels: string): BatchTotals {
  const name = /batch="([^"]*)"/.exec(labels)?.[1] ?? "";
  const totals = sum.batches.get(name) ?? { batches: 0, items: 0 };
  sum.batches.set(name, totals);
  return totals;
}

/** What was added between two readings. Batches that did not run are left out. */
export function metricsBetween(before: ServerMetrics, after: ServerMetrics): ServerMetrics {
  const batches = new Map<string, BatchTotals>();
  for (const [name, totals] of after.batches) {
    const earlier = before.batches.get(name) ?? { batches: 0, items: 0 };
    const added = { batches: totals.batches - earlier.batches, items: totals.items - earlier.items };
    if (added.batches > 0) batches.set(name, added);
  }
  return {
    statements: after.statements - before.statements,
    transactions: after.transactions - before.transactions,
    sweeps: after.sweeps - before.sweeps,
    batches,
  };
}
