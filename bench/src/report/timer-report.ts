import type { Costs } from "../measure/costs.js";
import type { Machine } from "../measure/machine.js";
import { median } from "../measure/percentiles.js";
import type { TimerOptions } from "../options.js";
import { batchesPer, costFigures, costRows } from "./cost-figures.js";
import { goalRows, timerGoal } from "./goals.js";
import { pairs, type Report, repeatsText, round } from "./report.js";

export interface Lateness {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

export interface TimerRepeat {
  latenessMs: Lateness;
  armedPerSecond: number;
  /** From the last due time until every workflow had seen its timers fire and completed. */
  completedMs: number;
  /** Of one timer, until all were armed. */
  arming: Costs;
  /** Of one timer, from then on. */
  firing: Costs;
  activationsPerWorkflow: number;
}

export interface TimerRun {
  options: TimerOptions;
  machine: Machine;
  repeats: TimerRepeat[];
  /** Over all repeats, reads and the starts and ends of the workflows included. */
  commitsPerTimer: number;
}

/** Medians of the repeats, and each repeat's own value where it is the figure. */
export function timerReport(run: TimerRun): Report {
  const { options, repeats, machine } = run;
  const { workload, client, topology, timers, overMs } = options;
  const middle = (pick: (repeat: TimerRepeat) => number) => round(median(repeats.map(pick)));
  const firing = costFigures(repeats.map((repeat) => repeat.firing));
  const arming = costFigures(repeats.map((repeat) => repeat.arming));
  const about = { workload, client, topology };
  const load = {
    timers,
    perWorkflow: options.perWorkflow,
    overSeconds: overMs / 1000,
    leadSeconds: options.leadMs / 1000,
    resume: options.resume,
    concurrency: options.concurrency,
    workers: options.workers,
    connections: options.connections,
    clients: options.clients,
    replicas: options.replicas,
  };
  const commits = round(run.commitsPerTimer);
  const lateness = {
    figure: "timer lateness",
    ...about,
    value: middle(({ latenessMs }) => latenessMs.p99),
    unit: "ms, p99",
    goal: timerGoal,
    repeats: repeats.map(({ latenessMs }) => round(latenessMs.p99)),
    load,
    latenessMs: {
      p50: middle(({ latenessMs }) => latenessMs.p50),
      p95: middle(({ latenessMs }) => latenessMs.p95),
      p99: middle(({ latenessMs }) => latenessMs.p99),
      max: middle(({ latenessMs }) => latenessMs.max),
    },
    completedMs: middle(({ completedMs }) => completedMs),
    cpuSeconds: firing.cpuSeconds,
    cpuMsPerTimer: firing.cpuMs,
    perTimer: { queries: firing.queries, commits, writeCommits: firing.writeCommits, walBytes: firing.walBytes },
    activationsPerWorkflow: middle(({ activationsPerWorkflow }) => activationsPerWorkflow),
    batches: batchesPer("perTimer", firing),
    verified: true,
    machine,
  };
  const armed = {
    figure: "timers armed",
    ...about,
    value: middle(({ armedPerSecond }) => armedPerSecond),
    unit: "timers/s",
    repeats: repeats.map(({ armedPerSecond }) => round(armedPerSecond)),
    cpuSeconds: arming.cpuSeconds,
    cpuMsPerTimer: arming.cpuMs,
    perTimer: { queries: arming.queries, writeCommits: arming.writeCommits, walBytes: arming.walBytes },
    verified: true,
    machine,
  };
  const { p50, p95, p99, max } = lateness.latenessMs;
  const armingCpu = Object.values(arming.cpuMs).reduce((total, ms) => total + ms, 0);
  return {
    title: `${workload}, ${client} client, ${topology} topology`,
    figures: [lateness, armed],
    rows: [
      ["lateness p50 / p95 / p99", `${p50} / ${p95} / ${p99} ms, at most ${max} ms${repeatsText(lateness.repeats)}`],
      ...goalRows(timerGoal),
      ["due", `${round((timers * 1000) / overMs)} timers/s for ${overMs / 1000} s`],
      ["workflows completed", `${lateness.completedMs} ms after the last due time`],
      ["activations per workflow", `${lateness.activationsPerWorkflow}`],
      ["armed", `${armed.value} timers/s, ${armingCpu.toPrecision(3)} ms of CPU each${repeatsText(armed.repeats)}`],
      ...costRows(firing, "timer"),
      ["commits per timer", `${commits}, arming, starts, ends and those that only read included`],
      ["load", pairs(load)],
      ["machine", pairs(machine)],
      ["verified", "every timer fired once and not early, every workflow completed once with the expected history"],
    ],
  };
}
