import type { Input, WorkloadName } from "./workloads.js";

export type TaskWorkloadName = Extract<WorkloadName, "w1" | "w2" | "w3" | "w4">;

/** A workflow that runs so many tasks and returns its input when each of them gave back its own. */
export interface TaskWorkload {
  tasks: number;
  order: "sequence" | "fan-out";
}

export const taskWorkloads: Readonly<Record<TaskWorkloadName, TaskWorkload>> = {
  w1: { tasks: 0, order: "sequence" },
  w2: { tasks: 1, order: "sequence" },
  w3: { tasks: 10, order: "sequence" },
  w4: { tasks: 100, order: "fan-out" },
};

/** Input of one task: it echoes it. */
export interface Part extends Input {
  part: number;
}

/** Inputs of all tasks of a workflow, in order. */
export function partsOf(workload: TaskWorkload, { n }: Input): Part[] {
  return Array.from({ length: workload.tasks }, (_, part) => ({ n, part }));
}

/** Whether the tasks, in order, gave back what they were given. */
export function areParts(results: readonly unknown[], { n }: Input): results is Part[] {
  return results.every((result, part) => {
    const found = result as Partial<Part> | null;
    return found?.n === n && found.part === part;
  });
}

/** The only history a workflow may have: event types in order. */
export function historyOf({ tasks, order }: TaskWorkload): string[] {
  const times = (count: number, ...types: string[]) => Array.from({ length: count }, () => types).flat();
  const middle =
    order === "sequence"
      ? times(tasks, "TASK_SCHEDULED", "TASK_COMPLETED")
      : [...times(tasks, "TASK_SCHEDULED"), ...times(tasks, "TASK_COMPLETED")];
  return ["WORKFLOW_STARTED", ...middle, "WORKFLOW_COMPLETED"];
}

/**
 * The fewest calls by which an existing client runs one workflow: no poll comes back empty, its result is read once, and
 * a fan-out is handed out again only when all of its tasks have ended.
 */
export function unaryCallsOf({ tasks, order }: TaskWorkload): number {
  const activations = order === "sequence" ? tasks + 1 : 2;
  // Start; poll, read history and submit for each activation; poll and complete each task; read the result.
  return 1 + 3 * activations + 2 * tasks + 1;
}
