import type { WakeName } from "../load/job.js";
import type { Costs } from "../measure/costs.js";
import type { Machine } from "../measure/machine.js";
import { type Latency, median } from "../measure/percentiles.js";
import type { WakeOptions } from "../options.js";
import { batchesPer, type CostFigures, costFigures, costRows } from "./cost-figures.js";
import { goalRows, wakeGoal } from "./goals.js";
import { latencyText, pairs, type Report, repeatsText, round } from "./report.js";

export interface WakeLatency {
  /** From the call until the poll is answered whose activation sees what it did. */
  polledMs: Latency;
  /** The same until the worker has read the history as well. */
  readMs: Latency;
}

export interface WakeRepeat {
  perSecond: number;
  /** Rounds per second of the empty server, right after. */
  referencePerSecond: number;
  latency: WakeLatency;
  /** Of one wake. */
  costs: Costs;
  /** Less than 1 where an activation sees several wakes. */
  activationsPerWake: number;
}

export interface WakeRun {
  options: WakeOptions;
  machine: Machine;
  kinds: WakeKindRun[];
}

export interface WakeKindRun {
  wake: WakeName;
  idle: WakeLatency;
  repeats: WakeRepeat[];
  /** Over all repeats, reads and the starts of the workflows included. */
  commitsPerWake: number;
}

/** Medians of the repeats, and each repeat's own value where it is the figure. */
export function wakeReport({ options, machine, kinds }: WakeRun): Report {
  const { workload, client, topology } = options;
  const load = {
    wakes: options.wakes,
    perWorkflow: options.perWorkflow,
    samples: options.samples,
    concurrency: options.concurrency,
    workers: options.workers,
    connections: options.connections,
    clients: options.clients,
    replicas: options.replicas,
  };
  const reports = kinds.map((kind) => kindReport(kind, { about: { workload, client, topology }, load, machine }));
  return {
    title: `${workload}, ${client} client, ${topology} topology`,
    figures: reports.flatMap(({ figures }) => figures),
    rows: [
      ...reports.flatMap(({ rows }) => rows),
      ["load", pairs(load)],
      ["machine", pairs(machine)],
      ["verified", "every wake is in one history, once; every workflow completed once with the expected history"],
    ],
  };
}

function kindReport(
  { wake, idle, repeats, commitsPerWake }: WakeKindRun,
  { about, load, machine }: { about: object; load: { concurrency: number }; machine: Machine },
): Pick<Report, "figures" | "rows"> {
  const middle = (pick: (repeat: WakeRepeat) => number) => round(median(repeats.map(pick)));
  const middleLatency = (pick: (latency: WakeLatency) => Latency): Latency => ({
    p50: middle(({ latency }) => pick(latency).p50),
    p95: middle(({ latency }) => pick(latency).p95),
    p99: middle(({ latency }) => pick(latency).p99),
  });
  const costs = costFigures(repeats.map((repeat) => repeat.costs));
  const idleFigure = {
    figure: `${wake} to resumed workflow, idle`,
    ...about,
    value: round(idle.polledMs.p50),
    unit: "ms",
    goal: wakeGoal,
    latencyMs: rounded(idle.polledMs),
    withHistoryMs: rounded(idle.readMs),
    verified: true,
    machine,
  };
  const throughput = {
    figure: `${wake}s`,
    ...about,
    value: middle(({ perSecond }) => perSecond),
    unit: `${wake}s/s`,
    repeats: repeats.map(({ perSecond }) => round(perSecond)),
    reference: middle(({ referencePerSecond }) => referencePerSecond),
    ratio: middle(({ perSecond, referencePerSecond }) => perSecond / referencePerSecond),
    load,
    latencyMs: middleLatency(({ polledMs }) => polledMs),
    withHistoryMs: middleLatency(({ readMs }) => readMs),
    activationsPerWake: middle(({ activationsPerWake }) => activationsPerWake),
    ...costKeys(costs, round(commitsPerWake)),
    verified: true,
    machine,
  };
  const ratio = `${(throughput.ratio * 100).toFixed(0)} % of an empty grpc-js server`;
  return {
    figures: [idleFigure, throughput],
    rows: [
      [`${wake} to resumed, idle`, `${latencyText(idleFigure.latencyMs)} (p50 / p95 / p99), one at a time`],
      ["", `${latencyText(idleFigure.withHistoryMs)} with the history read`],
      ...goalRows(wakeGoal),
      [`${wake}s`, `${throughput.value}/s, ${ratio}${repeatsText(throughput.repeats)}`],
      ["to resumed, under load", `${latencyText(throughput.latencyMs)}, ${load.concurrency} in flight`],
      [`activations per ${wake}`, `${throughput.activationsPerWake}`],
      ...costRows(costs, wake),
      [`commits per ${wake}`, `${round(commitsPerWake)}, starts and those that only read included`],
    ],
  };
}

function costKeys(costs: CostFigures, commits: number) {
  return {
    cpuSeconds: costs.cpuSeconds,
    cpuMsPerWake: costs.cpuMs,
    perWake: { queries: costs.queries, commits, writeCommits: costs.writeCommits, walBytes: costs.walBytes },
    batches: batchesPer("perWake", costs),
  };
}

function rounded({ p50, p95, p99 }: Latency): Latency {
  return { p50: round(p50), p95: round(p95), p99: round(p99) };
}
