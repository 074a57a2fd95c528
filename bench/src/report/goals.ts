import type { TaskWorkloadName } from "../task-workloads.js";
import type { ClientName } from "../workloads.js";

/** What the same load takes elsewhere, measured on two cores that client, server and database shared, and what this server is to reach. */
export interface Goal {
  elsewhere: string;
  firstMark: string;
  aim: string;
}

export const timerGoal: Goal = {
  elsewhere: "Restate p99 55 to 219 ms for 100000 timers over 60 s",
  firstMark: "p99 100 ms",
  aim: "p99 20 ms",
};

export const wakeGoal: Goal = {
  elsewhere: "Restate p50 5 to 6 ms",
  firstMark: "p50 6 ms",
  aim: "p50 2 ms",
};

const sdkThroughput: Partial<Record<TaskWorkloadName, Goal>> = {
  w1: { elsewhere: "Restate 600/s, DBOS 600/s", firstMark: "1500/s", aim: "4000/s" },
  w2: { elsewhere: "Restate 232 to 600/s, DBOS 271/s with the step inline", firstMark: "1000/s", aim: "2500/s" },
};

const idleLatency: Partial<Record<TaskWorkloadName, Goal>> = {
  w2: { elsewhere: "Restate p50 11 ms", firstMark: "p50 8 ms", aim: "p50 4 ms" },
  w4: { elsewhere: "Restate 135 ms", firstMark: "120 ms", aim: "35 ms" },
};

const unaryRatio: Partial<Record<TaskWorkloadName, Goal>> = {
  w2: { elsewhere: "the empty server itself", firstMark: "60 %", aim: "90 %" },
};

/** Undefined where none is set. */
export function taskGoal(
  figure: "throughput" | "idle latency" | "ratio",
  { workload, client }: { workload: TaskWorkloadName; client: ClientName },
): Goal | undefined {
  switch (figure) {
    case "throughput":
      return client === "sdk" ? sdkThroughput[workload] : undefined;
    case "idle latency":
      return idleLatency[workload];
    case "ratio":
      return client === "unary" ? unaryRatio[workload] : undefined;
  }
}

/** Its row of a table, if there is one. */
export function goalRows(goal: Goal | undefined): [string, string][] {
  if (goal === undefined) return [];
  return [["", `elsewhere: ${goal.elsewhere}; first mark ${goal.firstMark}, aim ${goal.aim}`]];
}
