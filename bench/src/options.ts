import { parseArgs } from "node:util";
import { type ClientName, clientNames, type WorkloadName, workloadNames } from "./workloads.js";

export const topologyNames = ["dev", "cluster"] as const;
export type TopologyName = (typeof topologyNames)[number];

export interface BenchOptions {
  workload: WorkloadName;
  topology: TopologyName;
  client: ClientName;
  json: boolean;
  /** Workflows of one repeat. */
  workflows: number;
  /** Workflows in flight. */
  concurrency: number;
  repeats: number;
  /** Worker loops per kind of work: each runs one activation or one task at a time. */
  workers: number;
  /** gRPC connections of one client process. */
  connections: number;
  /** Client processes that share the workflows. */
  clients: number;
  /** Processes each of gateway, dispatch and tasks, in a cluster. */
  replicas: number;
  /** Where the server processes leave CPU profiles when they end; undefined takes none. */
  cpuProfiles: string | undefined;
}

/** The command line is not right. Printed with the usage. */
export class BenchUsageError extends Error {
  constructor(message: string) {
    super(`${message}\n\n${usage}`);
    this.name = "BenchUsageError";
  }
}

const usage = `npm run bench -- <w1|w2> [options]
  w1                   a workflow that does nothing
  w2                   a workflow with one task on a worker
      --topology NAME    dev (one process) or cluster (a process per service over NATS); default dev
      --client NAME      unary (published protocol) or sdk; default unary
      --workflows N      of one repeat; default 3000
      --concurrency N    workflows in flight; default 128
      --repeat N         the figures are medians of so many repeats; default 3
      --workers N        worker loops per kind of work; default 64
      --connections N    gRPC connections of a client process; default 4
      --clients N        client processes; default 1
      --replicas N       processes each of gateway, dispatch and tasks in a cluster; default 1
      --cpu-prof DIR     the server processes leave CPU profiles there
      --json             one JSON line per figure`;

/** Errors: BenchUsageError, naming the option. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = readArgs(args);
  const [workload, ...rest] = positionals;
  if (workload === undefined || rest.length > 0) throw new BenchUsageError("name one workload");
  const clients = count("clients", values.clients, 16);
  return {
    workload: oneOf("workload", workload, workloadNames),
    topology: oneOf("--topology", values.topology, topologyNames),
    client: oneOf("--client", values.client, clientNames),
    json: values.json,
    workflows: count("workflows", values.workflows, 100_000),
    concurrency: count("concurrency", values.concurrency, 10_000),
    repeats: count("repeat", values.repeat, 25),
    workers: count("workers", values.workers, 5_000),
    connections: count("connections", values.connections, 256),
    clients,
    replicas: count("replicas", values.replicas, 8),
    cpuProfiles: values["cpu-prof"],
  };
}

function readArgs(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        topology: { type: "string", default: "dev" },
        client: { type: "string", default: "unary" },
        workflows: { type: "string", default: "3000" },
        concurrency: { type: "string", default: "128" },
        repeat: { type: "string", default: "3" },
        workers: { type: "string", default: "64" },
        connections: { type: "string", default: "4" },
        clients: { type: "string", default: "1" },
        replicas: { type: "string", default: "1" },
        "cpu-prof": { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new BenchUsageError(error instanceof Error ? error.message : String(error));
  }
}

function oneOf<Name extends string>(option: string, text: string, names: readonly Name[]): Name {
  const name = names.find((known) => known === text);
  if (name === undefined) throw new BenchUsageError(`${option}: ${text} is not one of ${names.join(", ")}`);
  return name;
}

function count(option: string, text: string, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > max) {
    throw new BenchUsageError(`--${option}: ${text} is not a whole number from 1 to ${max}`);
  }
  return value;
}
