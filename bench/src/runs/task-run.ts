import type { TaskJob, TaskResult } from "../load/job.js";
import { costsOf } from "../measure/costs.js";
import { describeMachine } from "../measure/machine.js";
import { latencyOf } from "../measure/percentiles.js";
import { snapshotBetween } from "../measure/snapshot.js";
import type { TaskOptions } from "../options.js";
import type { TaskRepeat, TaskRun } from "../report/task-report.js";
import { historyOf, taskWorkloads, unaryCallsOf } from "../task-workloads.js";
import { type FinishedPhase, verifyPhases } from "../verify/verify-phases.js";
import { type Bench, takeSnapshot } from "./bench.js";
import { measureRepeats } from "./measure-repeats.js";
import { type Phase, runClients } from "./run-clients.js";
import { runReference } from "./run-reference.js";

const warmUpWorkflowsMax = 1500;
const warmUpCallsMax = 15_000;

interface TaskBench extends Bench<TaskOptions> {
  finished: FinishedPhase[];
}

/** w1 to w4: a closed loop of workflows. Errors: anything that went wrong; there are no figures of a run that is not valid. */
export async function runTasks(bench: TaskBench): Promise<TaskRun> {
  const { options, say, figures, topology, finished } = bench;
  const { workflows, samples } = options;
  const machine = describeMachine(await figures.version());
  say("warming up");
  const calls = unaryCallsOf(taskWorkloads[options.workload]);
  const warmUp = Math.min(workflows, warmUpWorkflowsMax, Math.ceil(warmUpCallsMax / calls));
  await runPhase(bench, { name: "warm", workflows: warmUp });
  await runTaskReference(bench);
  say(`idle system: ${samples} workflows one after the other`);
  const idle = latencyOf(latenciesOf(await runIdle(bench)));
  const { repeats, commits } = await measureRepeats(bench, (number) => runRepeat(bench, number));
  say("verifying");
  await verifyPhases(topology.databaseUrl, finished);
  return { options, machine, idle, repeats, commitsPerWorkflow: commits / (workflows * options.repeats) };
}

async function runRepeat(bench: TaskBench, number: number): Promise<{ repeat: TaskRepeat; sweeps: number }> {
  const { workflows } = bench.options;
  const before = await takeSnapshot(bench);
  const results = await runPhase(bench, { name: `r${number}`, workflows });
  const used = snapshotBetween(before, await takeSnapshot(bench));
  const perSecond = (workflows * 1000) / Math.max(...results.map(({ elapsedMs }) => elapsedMs));
  const referencePerSecond = await runTaskReference(bench);
  bench.say(
    `repeat ${number}: ${perSecond.toPrecision(4)} workflows/s, reference ${referencePerSecond.toPrecision(4)}/s`,
  );
  return {
    sweeps: used.metrics.sweeps,
    repeat: {
      perSecond,
      referencePerSecond,
      latencyMs: latencyOf(latenciesOf(results)),
      costs: costsOf(used, workflows),
      emptyPollsPerWorkflow: results.reduce((total, { emptyPolls }) => total + emptyPolls, 0) / workflows,
    },
  };
}

/** One load on a queue of its own for each client process. */
function runPhase(bench: TaskBench, phase: Phase): Promise<TaskResult[]> {
  const { client: clientName, workload: name } = bench.options;
  const workload = taskWorkloads[name];
  return runClients(bench, phase, async (client, share) => {
    const job: TaskJob = { ...share, type: "tasks", client: clientName, workload: name };
    const result = await client.run<"tasks">(job);
    const { queue, workflows } = share;
    bench.finished.push({
      queue,
      workflowIds: result.workflowIds,
      expected: { workflows, history: historyOf(workload), tasks: workflows * workload.tasks },
      taskRuns: result.taskRuns,
    });
    return result;
  });
}

function runIdle(bench: TaskBench): Promise<TaskResult[]> {
  const { options, clients } = bench;
  // The tasks of a workflow that fans out may run side by side; otherwise there is work for one.
  const workers = taskWorkloads[options.workload].order === "fan-out" ? options.workers : 1;
  const alone = { ...bench, options: { ...options, concurrency: 1, workers }, clients: clients.slice(0, 1) };
  return runPhase(alone, { name: "idle", workflows: options.samples });
}

/** With as many calls in flight as the load has. */
function runTaskReference(bench: TaskBench): Promise<number> {
  const { workload: name, workflows, workers, concurrency } = bench.options;
  const workload = taskWorkloads[name];
  return runReference(bench, {
    rounds: workflows,
    callsPerRound: unaryCallsOf(workload),
    concurrency: workload.order === "fan-out" ? Math.max(workers, concurrency) : concurrency,
  });
}

function latenciesOf(results: readonly TaskResult[]): number[] {
  return results.flatMap(({ latenciesMs }) => latenciesMs);
}
