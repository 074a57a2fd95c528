import { taskWorkloads, unaryCallsOf } from "../task-workloads.js";
import type { Job } from "./job.js";

const callAllowanceMs = 10;
const timeoutMsMin = 60_000;

/** A job that takes longer is broken: it is several times what a slow machine needs for so many calls. */
export function jobTimeoutMs(job: Job): number {
  return timeoutMsMin + callsOf(job) * callAllowanceMs;
}

function callsOf(job: Job): number {
  switch (job.type) {
    case "tasks":
      return job.workflows * unaryCallsOf(taskWorkloads[job.workload]);
    case "reference":
      return job.rounds * job.callsPerRound;
  }
}
