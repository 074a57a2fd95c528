import type { JobResult, WorkflowJob } from "./job.js";

/** Starts and runs workflows with the TypeScript SDK: client and worker in one process. */
export async function runSdkLoad(_job: WorkflowJob): Promise<JobResult> {
  throw new Error("the SDK has no client yet");
}
