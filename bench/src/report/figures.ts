import type { Machine } from "../measure/machine.js";
import { type Latency, median } from "../measure/percentiles.js";
import type { BenchOptions } from "../options.js";

export interface RepeatFigures {
  perSecond: number;
  /** Rounds per second of the empty server, right after. */
  referencePerSecond: number;
  latencyMs: Latency;
  /** By process name, while this repeat ran. */
  cpuSeconds: Record<string, number>;
  statementsPerWorkflow: number;
  writeCommitsPerWorkflow: number;
  walBytesPerWorkflow: number;
  emptyPollsPerWorkflow: number;
  batches: Record<string, { batches: number; meanItems: number }>;
}

export interface RunFigures {
  options: BenchOptions;
  machine: Machine;
  idle: Latency;
  repeats: RepeatFigures[];
  /** Over all repeats, reads included. */
  commitsPerWorkflow: number;
}

/** The run as one object for each figure: medians of the repeats, and each repeat's own value where it is the figure. */
export function figuresOf(run: RunFigures) {
  const { options, repeats, machine } = run;
  const middle = (pick: (repeat: RepeatFigures) => number) => round(median(repeats.map(pick)));
  const about = {
    workload: options.workload,
    client: options.client,
    topology: options.topology,
  };
  const names = [...new Set(repeats.flatMap((repeat) => Object.keys(repeat.cpuSeconds)))];
  const perProcess = (pick: (seconds: number) => number) =>
    Object.fromEntries(names.map((name) => [name, middle((repeat) => pick(repeat.cpuSeconds[name] ?? 0))]));
  const batchNames = [...new Set(repeats.flatMap((repeat) => Object.keys(repeat.batches)))].sort();
  return [
    {
      figure: "throughput",
      ...about,
      value: middle((repeat) => repeat.perSecond),
      unit: "workflows/s",
      repeats: repeats.map((repeat) => round(repeat.perSecond)),
      load: {
        workflows: options.workflows,
        concurrency: options.concurrency,
        workers: options.workers,
        connections: options.connections,
        clients: options.clients,
        replicas: options.replicas,
      },
      latencyMs: {
        p50: middle((repeat) => repeat.latencyMs.p50),
        p95: middle((repeat) => repeat.latencyMs.p95),
        p99: middle((repeat) => repeat.latencyMs.p99),
      },
      cpuSeconds: perProcess((seconds) => seconds),
      cpuMsPerWorkflow: perProcess((seconds) => (seconds * 1000) / options.workflows),
      perWorkflow: {
        queries: middle((repeat) => repeat.statementsPerWorkflow),
        commits: round(run.commitsPerWorkflow),
        writeCommits: middle((repeat) => repeat.writeCommitsPerWorkflow),
        walBytes: Math.round(middle((repeat) => repeat.walBytesPerWorkflow)),
        emptyPolls: middle((repeat) => repeat.emptyPollsPerWorkflow),
      },
      batches: Object.fromEntries(
        batchNames.map((name) => [
          name,
          {
            perWorkflow: middle((repeat) => (repeat.batches[name]?.batches ?? 0) / options.workflows),
            meanItems: middle((repeat) => repeat.batches[name]?.meanItems ?? 0),
          },
        ]),
      ),
      verified: true,
      machine,
    },
    {
      figure: "reference",
      ...about,
      value: middle((repeat) => repeat.referencePerSecond),
      unit: "rounds/s of an empty grpc-js server",
      repeats: repeats.map((repeat) => round(repeat.referencePerSecond)),
      ratio: middle((repeat) => repeat.perSecond / repeat.referencePerSecond),
      machine,
    },
    {
      figure: "idle latency",
      ...about,
      value: round(run.idle.p50),
      unit: "ms",
      latencyMs: { p50: round(run.idle.p50), p95: round(run.idle.p95), p99: round(run.idle.p99) },
      verified: true,
      machine,
    },
  ] as const;
}

export type Figures = ReturnType<typeof figuresOf>;

function round(value: number): number {
  return Number(value.toPrecision(4));
}
