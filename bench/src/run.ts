import { ClientProcess } from "./load/client-process.js";
import { FiguresReader } from "./measure/database-figures.js";
import type { BenchOptions } from "./options.js";
import { startEchoProcess } from "./reference/echo-process.js";
import type { Report } from "./report/report.js";
import { taskReport } from "./report/task-report.js";
import { timerReport } from "./report/timer-report.js";
import { wakeReport } from "./report/wake-report.js";
import type { Bench } from "./runs/bench.js";
import { runTasks } from "./runs/task-run.js";
import { runTimers } from "./runs/timer-run.js";
import { runWakes } from "./runs/wake-run.js";
import { startClusterTopology } from "./topology/cluster.js";
import { startDevTopology } from "./topology/dev.js";
import { Resources } from "./topology/resources.js";

/** Starts the system, measures and verifies. Errors: anything that went wrong; there are no figures of a run that is not valid. */
export async function runBench(options: BenchOptions, say: (line: string) => void): Promise<Report> {
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
    const measured = measure(options, { say, topology, clients, echo, figures });
    return await Promise.race([measured, topology.failed, interrupted.promise]);
  } finally {
    await resources.stop();
  }
}

async function measure(options: BenchOptions, bench: Omit<Bench, "options">): Promise<Report> {
  switch (options.workload) {
    case "w6":
      return timerReport(await runTimers({ ...bench, options }));
    case "w7":
      return wakeReport(await runWakes({ ...bench, options }));
    default:
      return taskReport(await runTasks({ ...bench, options, finished: [] }));
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
