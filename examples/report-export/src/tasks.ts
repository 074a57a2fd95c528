import { task } from "@flovyn/sdk";
import type { ExportStatus } from "./export.js";

/** There is no export service here: a job is ready at this look at it, counted from 1. */
const readyAtLook = 4;

export const startExport = task({
  name: "start-export",
  retry: 5,
  // The job's name is chosen by the workflow, so that a repeated attempt does not start a second job.
  run: (ctx, { jobId, report }: { jobId: string; report: string }): void => {
    ctx.log.info(`started ${jobId} for ${report}`);
  },
});

export const checkExport = task({
  name: "check-export",
  // Retries are for a service that does not answer. A job that is not ready is an answer.
  retry: { maxRetries: 10, strategy: "exponential", base: "200ms", max: "10s" },
  run: (_ctx, { jobId, look }: { jobId: string; look: number }): ExportStatus => {
    if (look >= readyAtLook) return { status: "ready", url: `https://exports.example/${jobId}.csv` };
    return { status: "running", percent: Math.floor((100 * look) / readyAtLook) };
  },
});
