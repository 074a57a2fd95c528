import { taskWorkloads, unaryCallsOf } from "../task-workloads.js";
import type { Job } from "./job.js";

const callAllowanceMs = 10;
const timeoutMsMin = 60_000;

/** A job that takes longer is broken: it is several times what a slow machine needs for so many calls. */
export function jobTimeoutMs(job: Job): number {
  return timeoutMsMin + waitsOf(job) + callsOf(job) * callAllowanceMs;
}

function waitsOf(job: Job): number {
  return job.type === "timers" ? job.leadMs + job.overMs : 0;
}

function callsOf(job: Job): number {
  switch (job.type) {
    case "tasks":
      return job.workflows * unaryCallsOf(taskWorkloads[job.workload]);
    case "timers":
      return job.workflows * job.timersPerWorkflow;
    case "wakes":
      // Start and two activations of each workflow; the call, the activation and the reads of each wake.
      return job.workflows * (7 + 5 * job.wakesPerWorkflow);
    case "reference":
      return job.rounds * job.callsPerRound;
  }
}
