export const workloadNames = ["w1", "w2"] as const;
export type WorkloadName = (typeof workloadNames)[number];

export const clientNames = ["unary", "sdk"] as const;
export type ClientName = (typeof clientNames)[number];

export interface Workload {
  title: string;
  tasks: 0 | 1;
  /** The only history a workflow may have: event types in order. */
  history: readonly string[];
  /** Calls that an existing client makes for one workflow, when no poll comes back empty and its result is read once. */
  unaryCalls: number;
}

export const workloads: Readonly<Record<WorkloadName, Workload>> = {
  w1: {
    title: "empty workflow",
    tasks: 0,
    history: ["WORKFLOW_STARTED", "WORKFLOW_COMPLETED"],
    // Start; poll, read history, submit; read the result.
    unaryCalls: 5,
  },
  w2: {
    title: "workflow with one task",
    tasks: 1,
    history: ["WORKFLOW_STARTED", "TASK_SCHEDULED", "TASK_COMPLETED", "WORKFLOW_COMPLETED"],
    // Start; poll, read history, submit, twice; poll and complete the task; read the result.
    unaryCalls: 10,
  },
};

/** Names the programs register and start under. */
export const workflowKind = "bench-workflow";
export const taskKind = "bench-task";

/** Input of workflow `index`; its task echoes it and the workflow returns it, so that every output can be told right or wrong. */
export function inputOf(index: number): { n: number } {
  return { n: index };
}
