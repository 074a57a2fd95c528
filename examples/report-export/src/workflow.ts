import { workflow } from "@flovyn/sdk";
import type { ExportedReport, ExportRequest } from "./export.js";
import { pollDelays } from "./poll-delays.js";
import { checkExport, startExport } from "./tasks.js";

/**
 * Starts a job at a service that does not call back, and looks at it again and again. Between looks nothing runs: no worker is
 * held, and the sleep goes on when all of them are gone.
 */
export const exportReport = workflow({
  name: "report-export",
  description: "A job elsewhere, polled with growing delays.",
  run: async (ctx, { report, polling }: ExportRequest): Promise<ExportedReport> => {
    const jobId = `${report}-${ctx.randomUUID().slice(0, 8)}`;
    await ctx.schedule(startExport, { jobId, report });

    // Each look adds four events, so their number is bounded: a history has to be read for every one of them.
    const delays = pollDelays(polling);
    for (let look = 1; look <= polling.looksMax; look++) {
      const job = await ctx.schedule(checkExport, { jobId, look });
      if (job.status === "ready") return { report, url: job.url, looks: look };
      if (job.status === "failed") throw new Error(`the export of ${report} failed: ${job.reason}`);
      ctx.log.info(`${job.percent} % of ${jobId}`);
      const delayMs = delays[look - 1];
      if (delayMs !== undefined) await ctx.sleep(delayMs);
    }
    throw new Error(`the export of ${report} was not ready after ${polling.looksMax} looks`);
  },
});
