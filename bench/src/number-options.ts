import type { WorkloadName } from "./workloads.js";

interface NumberOption {
  max: number;
  /** By workload; a workload without one does not have the option. */
  defaults: Partial<Record<WorkloadName, number>>;
}

const all = (value: number) => ({ w1: value, w2: value, w3: value, w4: value, w6: value, w7: value });

const options = {
  repeat: { max: 25, defaults: { ...all(3), w6: 1 } },
  concurrency: { max: 10_000, defaults: { w1: 128, w2: 128, w3: 64, w4: 4, w6: 16, w7: 64 } },
  workers: { max: 5000, defaults: { ...all(64), w4: 16, w6: 8 } },
  connections: { max: 256, defaults: all(4) },
  clients: { max: 16, defaults: all(1) },
  replicas: { max: 8, defaults: all(1) },
  workflows: { max: 100_000, defaults: { w1: 3000, w2: 3000, w3: 300, w4: 200 } },
  samples: { max: 10_000, defaults: { w1: 50, w2: 50, w3: 50, w4: 50, w7: 200 } },
  timers: { max: 1_000_000, defaults: { w6: 100_000 } },
  over: { max: 3600, defaults: { w6: 60 } },
  lead: { max: 600, defaults: { w6: 30 } },
  wakes: { max: 1_000_000, defaults: { w7: 3000 } },
  "per-workflow": { max: 5000, defaults: { w6: 1000, w7: 10 } },
} as const satisfies Record<string, NumberOption>;

export type NumberName = keyof typeof options;

export const numberNames = Object.keys(options) as NumberName[];

/** The bounds of an option. */
export function numberOption(name: NumberName): NumberOption {
  return options[name];
}

/** Its default for a person to read, as `default 64, 8 for w6`. */
export function defaultText(name: NumberName): string {
  const [[, usual] = ["", 0], ...others] = Object.entries<number>(options[name].defaults);
  const deviating = others
    .filter(([, value]) => value !== usual)
    .map(([workload, value]) => `${value} for ${workload}`);
  return [`default ${usual}`, ...deviating].join(", ");
}
