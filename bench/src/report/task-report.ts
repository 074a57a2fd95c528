import type { Costs } from "../measure/costs.js";
import type { Machine } from "../measure/machine.js";
import { type Latency, median } from "../measure/percentiles.js";
import type { TaskOptions } from "../options.js";
import { batchesPer, costFigures, costRows } from "./cost-figures.js";
import { goalRows, taskGoal } from "./goals.js";
import { latencyText, pairs, type Report, repeatsText, round } from "./report.js";

export interface TaskRepeat {
  perSecond: number;
  /** Rounds per second of the empty server, right after. */
  referencePerSecond: number;
  latencyMs: Latency;
  /** Of one workflow. */
  costs: Costs;
  emptyPollsPerWorkflow: number;
}

export interface TaskRun {
  options: TaskOptions;
  machine: Machine;
  idle: Latency;
  repeats: TaskRepeat[];
  /** Over all repeats, reads included. */
  commitsPerWorkflow: number;
}

/** Medians of the repeats, and each repeat's own value where it is the figure. */
export function taskReport(run: TaskRun): Report {
  const { options, repeats, machine } = run;
  const { workload, client, topology } = options;
  const middle = (pick: (repeat: TaskRepeat) => number) => round(median(repeats.map(pick)));
  const about = { workload, client, topology };
  const goal = (figure: Parameters<typeof taskGoal>[0]) => {
    const found = taskGoal(figure, options);
    return found === undefined ? {} : { goal: found };
  };
  const load = {
    workflows: options.workflows,
    concurrency: options.concurrency,
    workers: options.workers,
    connections: options.connections,
    clients: options.clients,
    replicas: options.replicas,
  };
  const costs = costFigures(repeats.map((repeat) => repeat.costs));
  const commits = round(run.commitsPerWorkflow);
  const emptyPolls = middle(({ emptyPollsPerWorkflow }) => emptyPollsPerWorkflow);
  const throughput = {
    figure: "throughput",
    ...about,
    value: middle(({ perSecond }) => perSecond),
    unit: "workflows/s",
    ...goal("throughput"),
    repeats: repeats.map(({ perSecond }) => round(perSecond)),
    load,
    latencyMs: {
      p50: middle(({ latencyMs }) => latencyMs.p50),
      p95: middle(({ latencyMs }) => latencyMs.p95),
      p99: middle(({ latencyMs }) => latencyMs.p99),
    },
    cpuSeconds: costs.cpuSeconds,
    cpuMsPerWorkflow: costs.cpuMs,
    perWorkflow: {
      queries: costs.queries,
      commits,
      writeCommits: costs.writeCommits,
      walBytes: costs.walBytes,
      emptyPolls,
    },
    batches: batchesPer("perWorkflow", costs),
    verified: true,
    machine,
  };
  const reference = {
    figure: "reference",
    ...about,
    value: middle(({ referencePerSecond }) => referencePerSecond),
    unit: "rounds/s of an empty grpc-js server",
    repeats: repeats.map(({ referencePerSecond }) => round(referencePerSecond)),
    ratio: middle(({ perSecond, referencePerSecond }) => perSecond / referencePerSecond),
    ...goal("ratio"),
    machine,
  };
  const idle = {
    figure: "idle latency",
    ...about,
    value: round(run.idle.p50),
    unit: "ms",
    ...goal("idle latency"),
    samples: options.samples,
    latencyMs: { p50: round(run.idle.p50), p95: round(run.idle.p95), p99: round(run.idle.p99) },
    verified: true,
    machine,
  };
  const ratio = `Flovyn reaches ${(reference.ratio * 100).toFixed(0)} % of it`;
  return {
    title: `${workload}, ${client} client, ${topology} topology`,
    figures: [throughput, reference, idle],
    rows: [
      ["throughput", `${throughput.value} workflows/s${repeatsText(throughput.repeats)}`],
      ...goalRows(throughput.goal),
      ["latency p50 / p95 / p99", `${latencyText(throughput.latencyMs)}, ${options.concurrency} in flight`],
      ["idle system", `${latencyText(idle.latencyMs)}, one at a time`],
      ...goalRows(idle.goal),
      ["empty grpc-js server", `${reference.value} rounds/s; ${ratio}`],
      ...goalRows(reference.goal),
      ...costRows(costs, "workflow"),
      ["commits per workflow", `${commits}, those that only read included`],
      ["empty polls per workflow", `${emptyPolls}`],
      ["load", pairs(load)],
      ["machine", pairs(machine)],
      ["verified", "every workflow completed once with the expected history, no task ran twice"],
    ],
  };
}
