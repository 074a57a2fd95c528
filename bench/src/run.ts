import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { ClientProcess } from "./load/client-process.js";
import type { JobResult } from "./load/job.js";
import { cpuSeconds } from "./measure/cpu.js";
import { FiguresReader, settleMs } from "./measure/database-figures.js";
import { describeMachine } from "./measure/machine.js";
import { latencyOf } from "./measure/percentiles.js";
import { readSnapshot, type Snapshot, snapshotBetween } from "./measure/snapshot.js";
import type { BenchOptions } from "./options.js";
import { type EchoProcess, startEchoProcess } from "./reference/echo-process.js";
import type { RepeatFigures, RunFigures } from "./report/figures.js";
import { startClusterTopology } from "./topology/cluster.js";
import { startDevTopology } from "./topology/dev.js";
import { Resources } from "./topology/resources.js";
import type { Topology } from "./topology/topology.js";
import { type Phase, verifyPhases } from "./verify/verify-phases.js";
import { workloads } from "./workloads.js";

const warmUpWorkflowsMax = 1500;
const idleSamples = 50;
/** The reference needs no longer than this many rounds to show its rate. */
const referenceRoundsMax = 1500;

interface Bench {
  options: BenchOptions;
  say: (line: string) => void;
  topology: Topology;
  clients: ClientProcess[];
  echo: EchoProcess;
  figures: FiguresReader;
  phases: Phase[];
}

/** Starts the system, measures and verifies. Errors: anything that went wrong; there are no figures of a run that is not valid. */
export async function runBench(options: BenchOptions, say: (line: string) => void): Promise<RunFigures> {
  const resources = new Resources();
  const interrupted = untilInterrupted();
  resources.add(() => interrupted.forget());
  try {
    say(`starting: ${options.topology}`);
    const topology = await (options.topology === "dev" ? startDevTopology(options) : startClusterTopology(options));
    resources.add(() => topology.stop());
    const figures = new FiguresReader(topology.databaseUrl);
    await figures.connect();
    resources.add(() => figures.close());
    const clients = Array.from({ length: options.clients }, () => new ClientProcess());
    for (const client of clients) resources.add(() => client.stop());
    const echo = await startEchoProcess();
    resources.add(() => echo.stop());
    return await Promise.race([
      measure({ options, say, topology, clients, echo, figures, phases: [] }),
      topology.failed,
      interrupted.promise,
    ]);
  } finally {
    await resources.stop();
  }
}

/** Rejects at Ctrl-C, so that what was started is stopped and its files are removed. */
function untilInterrupted(): { promise: Promise<never>; forget: () => void } {
  const { promise, reject } = withReject();
  const onSignal = () => reject(new Error("interrupted"));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, onSignal);
  promise.catch(() => {});
  return {
    promise,
    forget: () => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, onSignal);
    },
  };
}

function withReject(): { promise: Promise<never>; reject: (error: Error) => void } {
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<never>((_, fail) => {
    reject = fail;
  });
  return { promise, reject };
}

async function measure(bench: Bench): Promise<RunFigures> {
  const { options, say, figures, topology, phases } = bench;
  const workload = workloads[options.workload];
  const machine = describeMachine(await figures.version());
  say("warming up");
  await runPhase(bench, "warm", Math.min(options.workflows, warmUpWorkflowsMax));
  await runReference(bench);
  say(`idle system: ${idleSamples} workflows one after the other`);
  const idle = latencyOf((await runIdle(bench)).latenciesMs);
  await pause(settleMs);
  const before = await snapshot(bench);
  const repeats: RepeatFigures[] = [];
  let sweepsInside = 0;
  for (let repeat = 1; repeat <= options.repeats; repeat++) {
    const { figures: repeatFigures, sweeps } = await runRepeat(bench, repeat);
    sweepsInside += sweeps;
    repeats.push(repeatFigures);
    const { perSecond, referencePerSecond } = repeatFigures;
    say(`repeat ${repeat}: ${perSecond.toFixed(0)} workflows/s, reference ${referencePerSecond.toFixed(0)}/s`);
  }
  await pause(settleMs);
  const total = snapshotBetween(before, await snapshot(bench));
  // A pass of a sweep between the repeats is a commit that no workflow caused.
  const commits = total.database.commits - (total.metrics.sweeps - sweepsInside);
  say("verifying");
  await verifyPhases(topology.databaseUrl, workload, phases);
  return { options, machine, idle, repeats, commitsPerWorkflow: commits / (options.workflows * options.repeats) };
}

async function runRepeat(bench: Bench, repeat: number): Promise<{ figures: RepeatFigures; sweeps: number }> {
  const { options } = bench;
  const before = await snapshot(bench);
  const { results, queueResult } = await runPhase(bench, `r${repeat}`, options.workflows);
  const { cpu, metrics, database } = snapshotBetween(before, await snapshot(bench));
  const referencePerSecond = await runReference(bench);
  const { workflows } = options;
  return {
    sweeps: metrics.sweeps,
    figures: {
      perSecond: (workflows * 1000) / Math.max(...results.map((result) => result.elapsedMs)),
      referencePerSecond,
      latencyMs: latencyOf(queueResult.latenciesMs),
      cpuSeconds: cpu,
      statementsPerWorkflow: metrics.statements / workflows,
      writeCommitsPerWorkflow: database.writeTransactions / workflows,
      walBytesPerWorkflow: database.walBytes / workflows,
      emptyPollsPerWorkflow: queueResult.emptyPolls / workflows,
      batches: Object.fromEntries(
        [...metrics.batches].map(([name, { batches, items }]) => [name, { batches, meanItems: items / batches }]),
      ),
    },
  };
}

/** One load on a queue of its own for each client process. */
async function runPhase(bench: Bench, name: string, workflows: number) {
  const { options, clients } = bench;
  const run = randomUUID().slice(0, 8);
  const share = (total: number, index: number) =>
    Math.floor(total / clients.length) + (index < total % clients.length ? 1 : 0);
  const results = await Promise.all(
    clients.map(async (client, index) => {
      const queue = `bench-${name}-${run}-${index}`;
      const count = share(workflows, index);
      const result = await client.run({
        type: "workflows",
        client: options.client,
        workload: options.workload,
        target: bench.topology.target,
        queue,
        workflows: count,
        concurrency: Math.max(1, share(options.concurrency, index)),
        workers: Math.max(1, share(options.workers, index)),
        connections: options.connections,
      });
      bench.phases.push({ queue, workflows: count, workflowIds: result.workflowIds, taskRuns: result.taskRuns });
      return result;
    }),
  );
  return { results, queueResult: sum(results) };
}

async function runIdle(bench: Bench): Promise<LoadTotals> {
  const options = { ...bench.options, concurrency: 1, workers: 1 };
  const [first] = bench.clients;
  if (first === undefined) throw new Error("a load needs at least one client");
  const { queueResult } = await runPhase({ ...bench, options, clients: [first] }, "idle", idleSamples);
  return queueResult;
}

/** Rounds per second of an empty server, asked by the same clients with as many calls per round as a workflow takes. */
async function runReference(bench: Bench): Promise<number> {
  const { options, clients, echo } = bench;
  const rounds = Math.ceil(Math.min(options.workflows, referenceRoundsMax) / clients.length);
  const results = await Promise.all(
    clients.map((client) =>
      client.run({
        type: "reference",
        door: echo.door,
        rounds,
        callsPerRound: workloads[options.workload].unaryCalls,
        concurrency: Math.ceil(options.concurrency / clients.length),
        connections: options.connections,
      }),
    ),
  );
  return (rounds * clients.length * 1000) / Math.max(...results.map((result) => result.elapsedMs));
}

function snapshot({ topology, clients, figures }: Bench): Promise<Snapshot> {
  const processes = [...topology.processes, ...clients.map(({ pid }) => ({ name: "client", pid }))];
  return readSnapshot({ cpu: () => processes.map((one) => [one.name, cpuSeconds(one)]), topology, figures });
}

type LoadTotals = Pick<JobResult, "latenciesMs" | "emptyPolls">;

function sum(results: readonly JobResult[]): LoadTotals {
  return {
    latenciesMs: results.flatMap((result) => result.latenciesMs),
    emptyPolls: results.reduce((total, result) => total + result.emptyPolls, 0),
  };
}
