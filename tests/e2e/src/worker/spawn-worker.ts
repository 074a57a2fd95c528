import { existsSync } from "node:fs";
import { join } from "node:path";
import { spawnProcess, type TestProcess, workspaceRoot } from "@flovyn/testing";
import type { Org } from "../cluster/orgs.js";

export interface WorkerProcessOptions {
  name: string;
  address: string;
  org: Org;
  queue: string;
  /** Tasks of each fan-out workflow. */
  tasks: number;
  slots?: number;
  leaseMs?: number;
  /** Stops reporting after so many tasks. */
  stallAfter?: number;
}

/** Starts a raw worker as a process and waits until it polls. */
export async function spawnWorker(options: WorkerProcessOptions): Promise<TestProcess> {
  const program = join(workspaceRoot(), "tests", "e2e", "dist", "worker", "worker-process.js");
  if (!existsSync(program)) throw new Error(`${program} is not built: run the build of @flovyn/e2e first`);
  const { name, address, org, queue, tasks, slots, leaseMs, stallAfter } = options;
  const worker = spawnProcess({
    name,
    command: process.execPath,
    args: [program],
    env: {
      ADDRESS: address,
      TOKEN: org.workerKey,
      ORG_ID: org.id,
      WORKER_ID: name,
      QUEUE: queue,
      TASKS: String(tasks),
      SLOTS: text(slots),
      LEASE_MS: text(leaseMs),
      STALL_AFTER: text(stallAfter),
      NODE_OPTIONS: undefined,
    },
  });
  await worker.waitForLine(/worker polls/);
  return worker;
}

function text(value: number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
