import { type WakeJob, type WakeName, type WakeResult, wakeNames } from "../load/job.js";
import { costsOf } from "../measure/costs.js";
import { describeMachine } from "../measure/machine.js";
import { latencyOf } from "../measure/percentiles.js";
import { type Snapshot, snapshotBetween } from "../measure/snapshot.js";
import type { WakeOptions } from "../options.js";
import type { WakeKindRun, WakeLatency, WakeRepeat, WakeRun } from "../report/wake-report.js";
import { wakeProblems } from "../verify/check-wakes.js";
import { readWakes } from "../verify/read-wakes.js";
import { type FinishedPhase, verifyPhases } from "../verify/verify-phases.js";
import { type Bench, takeSnapshot } from "./bench.js";
import { measureRepeats } from "./measure-repeats.js";
import { type Phase, runPreparedClients } from "./run-clients.js";
import { runReference } from "./run-reference.js";

const warmUpWorkflowsMax = 100;
/** Enough for one activation and for the poll that waits for the next one. */
const idleWorkers = 2;
/** Poll, read history and submit. */
const callsPerActivation = 3;

interface WakeBench extends Bench<WakeOptions> {
  wake: WakeName;
  finished: WakePhase[];
}

interface WakePhase extends FinishedPhase {
  wake: WakeName;
  wakesPerWorkflow: number;
}

/** w7: signals, then promises, that wake workflows. Errors: anything that went wrong. */
export async function runWakes(bench: Bench<WakeOptions>): Promise<WakeRun> {
  const { options, say, figures, topology } = bench;
  const machine = describeMachine(await figures.version());
  const finished: WakePhase[] = [];
  const kinds: WakeKindRun[] = [];
  for (const wake of wakeNames) kinds.push(await runKind({ ...bench, wake, finished }));
  say("verifying");
  await verifyPhases(topology.databaseUrl, finished, async (client, phase) => {
    const wakes = phase.expected.workflows * phase.wakesPerWorkflow;
    return wakeProblems(await readWakes(client, phase), { wakes });
  });
  return { options, machine, kinds };
}

async function runKind(bench: WakeBench): Promise<WakeKindRun> {
  const { options, say, wake } = bench;
  const { wakes, perWorkflow, samples } = options;
  say(`${wake}s: warming up`);
  await runPhase(bench, { name: "warm", workflows: Math.min(wakes / perWorkflow, warmUpWorkflowsMax) });
  await runWakeReference(bench, { callsPerWake: 1 + callsPerActivation });
  say(`${wake}s: idle system, ${samples} one after the other`);
  const idleOptions = { ...options, concurrency: 1, workers: idleWorkers, perWorkflow: 1 };
  const alone = { ...bench, options: idleOptions, clients: bench.clients.slice(0, 1) };
  const { results } = await runPhase(alone, { name: "idle", workflows: samples });
  const { repeats, commits } = await measureRepeats(bench, (number) => runRepeat(bench, number));
  return { wake, idle: latencyIn(results), repeats, commitsPerWake: commits / (wakes * options.repeats) };
}

async function runRepeat(bench: WakeBench, number: number): Promise<{ repeat: WakeRepeat; sweeps: number }> {
  const { wake, options, say } = bench;
  const { wakes, perWorkflow } = options;
  const before = await takeSnapshot(bench);
  const { results, begun } = await runPhase(bench, { name: `r${number}`, workflows: wakes / perWorkflow });
  const end = await takeSnapshot(bench);
  const perSecond = (wakes * 1000) / Math.max(...results.map(({ elapsedMs }) => elapsedMs));
  const activations = results.reduce((total, result) => total + result.activations, 0);
  // Each workflow took one activation to begin to wait.
  const activationsPerWake = (activations - wakes / perWorkflow) / wakes;
  const callsPerWake = 1 + callsPerActivation * activationsPerWake;
  const referencePerSecond = await runWakeReference(bench, { callsPerWake });
  say(`repeat ${number}: ${perSecond.toPrecision(4)} ${wake}s/s, reference ${referencePerSecond.toPrecision(4)}/s`);
  return {
    sweeps: snapshotBetween(before, end).metrics.sweeps,
    repeat: {
      perSecond,
      referencePerSecond,
      latency: latencyIn(results),
      costs: costsOf(snapshotBetween(begun, end), wakes),
      activationsPerWake,
    },
  };
}

/** One load on a queue of its own for each client process. */
function runPhase(bench: WakeBench, phase: Phase): Promise<{ results: WakeResult[]; begun: Snapshot }> {
  const { wake, options } = bench;
  const wakesPerWorkflow = options.perWorkflow;
  return runPreparedClients(bench, phase, async (client, share, onReady) => {
    const job: WakeJob = { ...share, type: "wakes", wake, wakesPerWorkflow };
    const result = await client.run<"wakes">(job, onReady);
    const { queue, workflows } = share;
    bench.finished.push({
      queue,
      wake,
      wakesPerWorkflow,
      workflowIds: result.workflowIds,
      expected: { workflows, history: historyOf(wake, wakesPerWorkflow), tasks: 0 },
      taskRuns: 0,
    });
    return result;
  });
}

function historyOf(wake: WakeName, count: number): string[] {
  const times = (type: string) => Array.from({ length: count }, () => type);
  const middle =
    wake === "signal" ? times("SIGNAL_RECEIVED") : [...times("PROMISE_CREATED"), ...times("PROMISE_RESOLVED")];
  return ["WORKFLOW_STARTED", ...middle, "WORKFLOW_COMPLETED"];
}

/** Wakes per second of an empty server that is asked as many calls: how many activations see several wakes is up to the load. */
async function runWakeReference(bench: WakeBench, { callsPerWake }: { callsPerWake: number }): Promise<number> {
  const { wakes, concurrency } = bench.options;
  const rounds = Math.ceil(wakes * callsPerWake);
  return (await runReference(bench, { rounds, callsPerRound: 1, concurrency })) / callsPerWake;
}

function latencyIn(results: readonly WakeResult[]): WakeLatency {
  return {
    polledMs: latencyOf(results.flatMap(({ latenciesMs }) => latenciesMs)),
    readMs: latencyOf(results.flatMap(({ historyLatenciesMs }) => historyLatenciesMs)),
  };
}
