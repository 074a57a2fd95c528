import type { Costs } from "../measure/costs.js";
import { median } from "../measure/percentiles.js";
import { pairs, round } from "./report.js";

/** Costs of one unit of the load: medians of the repeats. */
export interface CostFigures {
  cpuSeconds: Record<string, number>;
  cpuMs: Record<string, number>;
  queries: number;
  writeCommits: number;
  walBytes: number;
  batches: Record<string, { batches: number; meanItems: number }>;
}

export function costFigures(repeats: readonly Costs[]): CostFigures {
  const middle = (pick: (costs: Costs) => number) => round(median(repeats.map(pick)));
  const names = (pick: (costs: Costs) => object) => [...new Set(repeats.flatMap((costs) => Object.keys(pick(costs))))];
  const processes = names(({ cpuMs }) => cpuMs);
  const perProcess = (pick: (costs: Costs) => Record<string, number>) =>
    Object.fromEntries(processes.map((name) => [name, middle((costs) => pick(costs)[name] ?? 0)]));
  return {
    cpuSeconds: perProcess(({ cpuSeconds }) => cpuSeconds),
    cpuMs: perProcess(({ cpuMs }) => cpuMs),
    queries: middle(({ statements }) => statements),
    writeCommits: middle(({ writeCommits }) => writeCommits),
    walBytes: Math.round(middle(({ walBytes }) => walBytes)),
    batches: Object.fromEntries(
      names(({ batches }) => batches)
        .sort()
        .map((name) => [
          name,
          {
            batches: middle(({ batches }) => batches[name]?.batches ?? 0),
            meanItems: middle(({ batches }) => batches[name]?.meanItems ?? 0),
          },
        ]),
    ),
  };
}

/** Rows of the table; `unit` is what the costs are of. */
export function costRows(costs: CostFigures, unit: string): [string, string][] {
  const total = Object.values(costs.cpuMs).reduce((sum, ms) => sum + ms, 0);
  const batches = Object.entries(costs.batches);
  return [
    [`CPU per ${unit}`, `${pairs(suffixed(costs.cpuMs, "ms"))}`],
    ["", `${total.toPrecision(3)} ms in all`],
    [`queries per ${unit}`, `${costs.queries}`],
    [`write commits per ${unit}`, `${costs.writeCommits}`],
    [`WAL per ${unit}`, `${costs.walBytes} bytes`],
    [`batches per ${unit}`, batches.map(([name, batch]) => `${name} ${batch.batches}`).join(", ")],
    ["items per batch", batches.map(([name, batch]) => `${name} ${batch.meanItems}`).join(", ")],
  ];
}

function suffixed(record: Record<string, number>, suffix: string): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, `${value} ${suffix}`]));
}

/** The batches of the figures for programs, under the name of their unit. */
export function batchesPer<Key extends string>(key: Key, { batches }: CostFigures) {
  return Object.fromEntries(
    Object.entries(batches).map(([name, { batches: count, meanItems }]) => [name, { [key]: count, meanItems }]),
  );
}
