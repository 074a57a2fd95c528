import { randomUUID } from "node:crypto";
import type { ClientProcess } from "../load/client-process.js";
import type { Target } from "../load/job.js";
import type { Snapshot } from "../measure/snapshot.js";
import { type Bench, takeSnapshot } from "./bench.js";

/** What every job of one client is told. */
export interface Share {
  target: Target;
  /** Of this client and this phase alone. */
  queue: string;
  workflows: number;
  concurrency: number;
  workers: number;
  connections: number;
}

export interface Phase {
  name: string;
  workflows: number;
}

/** One load, divided among the clients. With fewer workflows than clients some have nothing to do. */
export async function runClients<Result>(
  bench: Bench,
  phase: Phase,
  runOne: (client: ClientProcess, share: Share) => Promise<Result>,
): Promise<Result[]> {
  const { options, topology } = bench;
  const run = randomUUID().slice(0, 8);
  const clients = bench.clients.slice(0, phase.workflows);
  return Promise.all(
    clients.map((client, index) => {
      const share = (total: number) => shareOf(total, { index, count: clients.length });
      return runOne(client, {
        target: topology.target,
        queue: `bench-${phase.name}-${run}-${index}`,
        workflows: share(phase.workflows),
        concurrency: Math.max(1, share(options.concurrency)),
        workers: Math.max(1, share(options.workers)),
        connections: options.connections,
      });
    }),
  );
}

/**
 * The same for jobs that prepare something: they begin together when all of them are ready. Gives the counters of that
 * moment, too.
 */
export async function runPreparedClients<Result>(
  bench: Bench,
  phase: Phase,
  runOne: (client: ClientProcess, share: Share, onReady: () => Promise<void>) => Promise<Result>,
): Promise<{ results: Result[]; begun: Snapshot }> {
  let missing = Math.min(bench.clients.length, phase.workflows);
  let begin: (snapshot: Promise<Snapshot>) => void = () => {};
  const begun = new Promise<Snapshot>((resolve) => {
    begin = resolve;
  });
  const onReady = async () => {
    missing -= 1;
    if (missing === 0) begin(takeSnapshot(bench));
    await begun;
  };
  const results = await runClients(bench, phase, (client, share) => runOne(client, share, onReady));
  return { results, begun: await begun };
}

/** What the client at `index` takes of a total: whole numbers that add up. */
function shareOf(total: number, { index, count }: { index: number; count: number }): number {
  return Math.floor(total / count) + (index < total % count ? 1 : 0);
}
