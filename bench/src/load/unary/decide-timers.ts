import { CommandType } from "@flovyn/proto/v1";
import type { Input } from "../../workloads.js";
import { complete, suspend } from "./submissions.js";
import type { Decide } from "./worker.js";

/** When the timers of a load are due. Times by `performance.now()`. */
export interface TimerPlan {
  workflows: number;
  timersPerWorkflow: number;
  firstDueAt: number;
  overMs: number;
}

/** Time at which timer `timer` of workflow `workflow` is to be due: evenly spread, the workflows by turns. */
export function dueAtOf(plan: TimerPlan, { workflow, timer }: { workflow: number; timer: number }): number {
  const place = timer * plan.workflows + workflow;
  return plan.firstDueAt + (place * plan.overMs) / (plan.workflows * plan.timersPerWorkflow);
}

/** Arms all timers at once, and completes when all of them have fired. */
export function decideTimers(plan: TimerPlan): Decide {
  return (activation) => {
    const { execution, events } = activation;
    const count = (type: string) => events.filter(({ eventType }) => eventType === type).length;
    if (count("TIMER_STARTED") === 0) {
      const { n }: Input = JSON.parse(execution.input.toString("utf8"));
      const now = performance.now();
      const timers = Array.from({ length: plan.timersPerWorkflow }, (_, timer) => ({
        timerId: `timer-${timer}`,
        durationMs: Math.max(0, Math.round(dueAtOf(plan, { workflow: n, timer }) - now)),
      }));
      return suspend(
        activation,
        timers.map((value) => ({
          commandType: CommandType.START_TIMER,
          commandData: { $case: "startTimer", value },
        })),
      );
    }
    if (count("TIMER_FIRED") < plan.timersPerWorkflow) return suspend(activation);
    return complete(activation, execution.input);
  };
}
