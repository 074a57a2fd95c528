import type { Caller } from "@flovyn/bus";
import { type CompleteTask, completeTask, type FailTask, failTask } from "@flovyn/domain";
import { type Batcher, createBatcher, type Outcome } from "@flovyn/runtime";
import { changeTasks } from "../change-tasks.js";
import type { TasksContext } from "../context.js";
import type { DelayedHints } from "../delayed-hints.js";

export type Report = { taskId: string; caller: Caller } & (
  | ({ outcome: "COMPLETED" } & CompleteTask)
  | ({ outcome: "FAILED" } & FailTask)
);

/** Bytes of payload that one batch carries at most: larger ones leave in the next. */
export const batchBytesMax = 8 * 1024 * 1024;

/** Ends attempts in batches: completions and failures travel together. */
export function createReportBatcher(context: TasksContext, hints: DelayedHints): Batcher<Report, void> {
  return createBatcher<Report, void>({
    name: "task.report",
    weightOf: (report) => (report.outcome === "COMPLETED" ? report.output.byteLength : 0),
    weightMax: batchBytesMax,
    lane: context.lane,
    metrics: context.metrics,
    run: async (reports) => {
      const decided = await changeTasks(
        context,
        hints,
        reports.map((report) => ({
          taskId: report.taskId,
          orgId: report.caller.orgId,
          actor: { type: "worker", id: report.caller.principalId },
          decide: (task, now) =>
            report.outcome === "COMPLETED"
              ? completeTask(task, report, now)
              : failTask(task, report, now, context.random()),
        })),
      );
      return decided.map((result): Outcome<void> => (result.ok ? { ok: true, value: undefined } : result));
    },
  });
}
