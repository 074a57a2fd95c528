import type { TimerJob, TimerResult } from "../load/job.js";
import { costsOf } from "../measure/costs.js";
import { describeMachine } from "../measure/machine.js";
import { latencyOf, percentile } from "../measure/percentiles.js";
import { type Snapshot, snapshotBetween } from "../measure/snapshot.js";
import type { TimerOptions } from "../options.js";
import type { Lateness, TimerRepeat, TimerRun } from "../report/timer-report.js";
import { latenessOf, timerProblems } from "../verify/check-timers.js";
import { readTimers } from "../verify/read-timers.js";
import { type FinishedPhase, verifyPhases } from "../verify/verify-phases.js";
import { type Bench, takeSnapshot } from "./bench.js";
import { measureRepeats } from "./measure-repeats.js";
import { runPreparedClients } from "./run-clients.js";

/** Enough for every statement and function to be hot. */
const warmUp = { timers: 2000, perWorkflow: 100, leadMs: 1, overMs: 2000 };

type TimerBench = Bench<TimerOptions>;

interface TimerPhase extends FinishedPhase {
  timers: number;
}

/** w6: timers that are due one after the other. Errors: anything that went wrong; a timer that fires early is wrong. */
export async function runTimers(bench: TimerBench): Promise<TimerRun> {
  const { options, say, figures, topology } = bench;
  const machine = describeMachine(await figures.version());
  say("warming up");
  const warm = await runPhase({ ...bench, options: { ...options, ...warmUp } }, { name: "warm", armsInTime: false });
  const { repeats, commits } = await measureRepeats(bench, (number) => runRepeat(bench, number));
  say("verifying");
  await verifyTimers(topology.databaseUrl, warm.finished);
  const withLateness: TimerRepeat[] = [];
  for (const { finished, ...repeat } of repeats) {
    withLateness.push({ ...repeat, latenessMs: await verifyTimers(topology.databaseUrl, finished) });
  }
  return { options, machine, repeats: withLateness, commitsPerTimer: commits / (options.timers * options.repeats) };
}

type UnverifiedRepeat = Omit<TimerRepeat, "latenessMs"> & { finished: TimerPhase[] };

async function runRepeat(bench: TimerBench, number: number): Promise<{ repeat: UnverifiedRepeat; sweeps: number }> {
  const { timers, perWorkflow, leadMs, overMs } = bench.options;
  bench.say(`repeat ${number}: ${timers} timers, due for ${overMs / 1000} s after ${leadMs / 1000} s`);
  const before = await takeSnapshot(bench);
  const { results, begun, finished } = await runPhase(bench, { name: `r${number}`, armsInTime: true });
  const end = await takeSnapshot(bench);
  const most = (pick: (result: TimerResult) => number) => Math.max(...results.map(pick));
  const activations = results.reduce((total, result) => total + result.activations, 0);
  return {
    sweeps: snapshotBetween(before, end).metrics.sweeps,
    repeat: {
      finished,
      armedPerSecond: (timers * 1000) / most(({ armedMs }) => armedMs),
      completedMs: most(({ completedMs }) => completedMs),
      arming: costsOf(snapshotBetween(before, begun), timers),
      firing: costsOf(snapshotBetween(begun, end), timers),
      activationsPerWorkflow: (activations * perWorkflow) / timers,
    },
  };
}

/** One load on a queue of its own for each client process. */
async function runPhase(
  bench: TimerBench,
  { name, armsInTime }: { name: string; armsInTime: boolean },
): Promise<{ results: TimerResult[]; begun: Snapshot; finished: TimerPhase[] }> {
  const { timers, perWorkflow, leadMs, overMs, resume } = bench.options;
  const times = (count: number, type: string) => Array.from({ length: count }, () => type);
  const history = [
    "WORKFLOW_STARTED",
    ...times(perWorkflow, "TIMER_STARTED"),
    ...times(perWorkflow, "TIMER_FIRED"),
    "WORKFLOW_COMPLETED",
  ];
  const finished: TimerPhase[] = [];
  const phase = { name, workflows: timers / perWorkflow };
  const { results, begun } = await runPreparedClients(bench, phase, async (client, share, onReady) => {
    const plan = { timersPerWorkflow: perWorkflow, leadMs, overMs, armsInTime, resume };
    const job: TimerJob = { ...share, type: "timers", ...plan };
    const result = await client.run<"timers">(job, onReady);
    const { queue, workflows } = share;
    finished.push({
      queue,
      workflowIds: result.workflowIds,
      expected: { workflows, history, tasks: 0 },
      taskRuns: 0,
      timers: workflows * perWorkflow,
    });
    return result;
  });
  return { results, begun, finished };
}

/** How late timers fired. Throws unless each fired exactly once, and not early. */
async function verifyTimers(databaseUrl: string, finished: readonly TimerPhase[]): Promise<Lateness> {
  const latenessMs: number[] = [];
  await verifyPhases(databaseUrl, finished, async (client, { queue, timers }) => {
    const facts = await readTimers(client, queue);
    for (const timer of facts) latenessMs.push(latenessOf(timer));
    return timerProblems(facts, { timers });
  });
  return { ...latencyOf(latenessMs), max: percentile(latenessMs, 100) };
}
