import { randomUUID } from "node:crypto";
import type { ClientProcess } from "../load/client-process.js";
import type { Target } from "../load/job.js";
import type { Bench } from "./bench.js";

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

/** What the client at `index` takes of a total: whole numbers that add up. */
function shareOf(total: number, { index, count }: { index: number; count: number }): number {
  return Math.floor(total / count) + (index < total % count ? 1 : 0);
}
