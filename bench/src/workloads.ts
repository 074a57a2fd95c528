export const workloadNames = ["w1", "w2", "w3", "w4", "w6", "w7"] as const;
export type WorkloadName = (typeof workloadNames)[number];

export const clientNames = ["unary", "sdk"] as const;
export type ClientName = (typeof clientNames)[number];

export const titles: Readonly<Record<WorkloadName, string>> = {
  w1: "empty workflow",
  w2: "workflow with one task",
  w3: "workflow with ten tasks, one after the other",
  w4: "workflow that fans out to 100 tasks and joins them",
  w6: "timers",
  w7: "signal or promise to resumed workflow",
};

/** Names the programs register and start under. */
export const workflowKind = "bench-workflow";
export const taskKind = "bench-task";

export interface Input {
  n: number;
}

/** Input of workflow `index`, which is also its output, so that every output can be told right or wrong. */
export function inputOf(index: number): Input {
  return { n: index };
}
