import type { Actor } from "../transition.js";
import { append, beginChange, finishChange, moveTo } from "./change.js";
import {
  failOfHistory,
  type HistoryLimits,
  historyExcess,
  historyLimitsDefault,
  withReserve,
} from "./history-limit.js";
import { isWorkflowTerminal, unchanged, type Workflow, type WorkflowChange } from "./state.js";

export interface ExternalEvent {
  type: string;
  data: Uint8Array;
  /** Informational events (TASK_CANCELLED) are recorded without waking anybody. */
  wakes: boolean;
}

/**
 * Appends events that do not come from the workflow's own worker, and wakes it. A terminal workflow swallows them.
 * While a worker holds the workflow they are remembered in `wakePending`: its next suspend goes to PENDING. They may use
 * the reserve of the history; where that has no room for them either, the workflow fails instead.
 */
export function appendExternal(
  workflow: Workflow,
  events: readonly ExternalEvent[],
  actor: Actor,
  limits: HistoryLimits = historyLimitsDefault,
): WorkflowChange {
  if (isWorkflowTerminal(workflow.status) || events.length === 0) return unchanged(workflow);
  const change = beginChange(workflow);
  let wakes = false;
  for (const event of events) {
    const sequence = append(change, event.type, event.data);
    if (!event.wakes) continue;
    wakes = true;
    change.workflow = { ...change.workflow, externalSequence: sequence };
  }
  const excess = historyExcess(change.workflow, withReserve(limits));
  if (excess !== undefined) return failOfHistory(workflow, excess);
  if (wakes && workflow.status === "RUNNING") change.workflow = { ...change.workflow, wakePending: true };
  if (wakes && workflow.status === "WAITING") moveTo(change, "PENDING", actor, events[0]?.type ?? null);
  return finishChange(change);
}
