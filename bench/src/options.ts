import { parseArgs } from "node:util";
import { type NumberName, numberNames, numberOption } from "./number-options.js";
import { usage } from "./usage.js";
import { type ClientName, clientNames, type WorkloadName, workloadNames } from "./workloads.js";

export const topologyNames = ["dev", "cluster"] as const;
export type TopologyName = (typeof topologyNames)[number];

export interface CommonOptions {
  topology: TopologyName;
  client: ClientName;
  json: boolean;
  repeats: number;
  /** Workflows in flight. */
  concurrency: number;
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

export interface TaskOptions extends CommonOptions {
  workload: WorkloadName;
  /** Workflows of one repeat. */
  workflows: number;
  /** Workflows one at a time on the idle system. */
  samples: number;
}

export type BenchOptions = TaskOptions;

/** The command line is not right. Printed with the usage. */
export class BenchUsageError extends Error {
  constructor(message: string) {
    super(`${message}\n\n${usage}`);
    this.name = "BenchUsageError";
  }
}

/** Errors: BenchUsageError, naming the option. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = readArgs(args);
  const [name, ...rest] = positionals;
  if (name === undefined || rest.length > 0) throw new BenchUsageError("name one workload");
  const workload = oneOf("workload", name, workloadNames);
  const number = (option: NumberName) => readNumber(option, workload, values[option]);
  const common: CommonOptions = {
    topology: oneOf("--topology", values.topology, topologyNames),
    client: oneOf("--client", values.client, clientNames),
    json: values.json,
    repeats: number("repeat"),
    concurrency: number("concurrency"),
    workers: number("workers"),
    connections: number("connections"),
    clients: number("clients"),
    replicas: number("replicas"),
    cpuProfiles: values["cpu-prof"],
  };
  return { ...common, workload, workflows: number("workflows"), samples: number("samples") };
}

function readArgs(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...(Object.fromEntries(numberNames.map((name) => [name, { type: "string" }])) as NumberConfig),
        topology: { type: "string", default: "dev" },
        client: { type: "string", default: "unary" },
        "cpu-prof": { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new BenchUsageError(error instanceof Error ? error.message : String(error));
  }
}

type NumberConfig = Record<NumberName, { type: "string" }>;

function oneOf<Name extends string>(option: string, text: string, names: readonly Name[]): Name {
  const name = names.find((known) => known === text);
  if (name === undefined) throw new BenchUsageError(`${option}: ${text} is not one of ${names.join(", ")}`);
  return name;
}

function readNumber(option: NumberName, workload: WorkloadName, text: string | undefined): number {
  const { max, defaults } = numberOption(option);
  const value = text === undefined ? defaults[workload] : Number(text);
  if (!Number.isInteger(value) || value < 1 || value > max) {
    throw new BenchUsageError(`--${option}: ${text} is not a whole number from 1 to ${max}`);
  }
  return value;
}
