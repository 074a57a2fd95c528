import { parseArgs } from "node:util";
import { type Resume, resumeNames } from "./load/job.js";
import { type NumberName, numberNames, numberOption } from "./number-options.js";
import type { TaskWorkloadName } from "./task-workloads.js";
import { usage } from "./usage.js";
import { type ClientName, clientNames, type WorkloadName, workloadNames } from "./workloads.js";

export const topologyNames = ["dev", "cluster"] as const;
export type TopologyName = (typeof topologyNames)[number];

export interface CommonOptions {
  topology: TopologyName;
  client: ClientName;
  json: boolean;
  repeats: number;
  /** In flight: workflows, calls of w7; of w6 workflows that are arming their timers. */
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
  workload: TaskWorkloadName;
  /** Workflows of one repeat. */
  workflows: number;
  /** Workflows one at a time on the idle system. */
  samples: number;
}

export interface TimerOptions extends CommonOptions {
  workload: "w6";
  /** Timers of one repeat: as many as whole workflows need. */
  timers: number;
  perWorkflow: number;
  overMs: number;
  leadMs: number;
  resume: Resume;
}

export interface WakeOptions extends CommonOptions {
  workload: "w7";
  /** Signals, and then promises, of one repeat: as many as whole workflows need. */
  wakes: number;
  perWorkflow: number;
  /** Wakes one at a time on the idle system. */
  samples: number;
}

export type BenchOptions = TaskOptions | TimerOptions | WakeOptions;

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
  refuseForeignOptions(workload, values);
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
  switch (workload) {
    case "w6": {
      const timers = number("timers");
      const perWorkflow = Math.min(number("per-workflow"), timers);
      return {
        ...common,
        workload,
        timers: wholeWorkflows("timers", timers, perWorkflow),
        perWorkflow,
        overMs: number("over") * 1000,
        leadMs: (values.lead === undefined ? leadSecondsOf(timers) : number("lead")) * 1000,
        resume: oneOf("--resume", values.resume ?? resumeNames[0], resumeNames),
      };
    }
    case "w7": {
      const wakes = number("wakes");
      const perWorkflow = Math.min(number("per-workflow"), wakes);
      return {
        ...common,
        workload,
        wakes: wholeWorkflows("wakes", wakes, perWorkflow),
        perWorkflow,
        samples: number("samples"),
      };
    }
    default:
      return { ...common, workload, workflows: number("workflows"), samples: number("samples") };
  }
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
        resume: { type: "string" },
        "cpu-prof": { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new BenchUsageError(error instanceof Error ? error.message : String(error));
  }
}

type NumberConfig = Record<NumberName, { type: "string" }>;

/** An option that does nothing would make a figure look like another one. */
function refuseForeignOptions(workload: WorkloadName, values: ReturnType<typeof readArgs>["values"]): void {
  const isUnaryOnly = workload === "w6" || workload === "w7";
  if (isUnaryOnly && values.client === "sdk") throw new BenchUsageError(`--client: ${workload} has no sdk client`);
  if (workload !== "w6" && values.resume !== undefined)
    throw new BenchUsageError(`--resume: not an option of ${workload}`);
  for (const name of numberNames) {
    if (values[name] !== undefined && numberOption(name).defaults[workload] === undefined) {
      throw new BenchUsageError(`--${name}: not an option of ${workload}`);
    }
  }
}

/** Arming needs less than half of this on two cores that do nothing else. */
function leadSecondsOf(timers: number): number {
  return 5 + Math.ceil(timers / 4000);
}

function wholeWorkflows(option: NumberName, items: number, perWorkflow: number): number {
  if (items % perWorkflow === 0) return items;
  throw new BenchUsageError(`--${option}: ${items} is not a multiple of --per-workflow, ${perWorkflow}`);
}

function oneOf<Name extends string>(option: string, text: string, names: readonly Name[]): Name {
  const name = names.find((known) => known === text);
  if (name === undefined) throw new BenchUsageError(`${option}: ${text} is not one of ${names.join(", ")}`);
  return name;
}

function readNumber(option: NumberName, workload: WorkloadName, text: string | undefined): number {
  const { max, defaults } = numberOption(option);
  const value = text === undefined ? defaults[workload] : Number(text);
  if (value === undefined || !Number.isInteger(value) || value < 1 || value > max) {
    throw new BenchUsageError(`--${option}: ${text} is not a whole number from 1 to ${max}`);
  }
  return value;
}
