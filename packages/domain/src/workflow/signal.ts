import { DomainError } from "../errors.js";
import { eventData, rawJson } from "../event-data.js";
import type { Actor } from "../transition.js";
import { appendExternal } from "./append-external.js";
import { type HistoryLimits, historyExcess, historyFull, historyLimitsDefault } from "./history-limit.js";
import { isWorkflowTerminal, type Workflow, type WorkflowChange } from "./state.js";

/** Signals of one execution at most: its history holds each of them. */
export const signalsMax = 10_000;

export interface Signal {
  name: string;
  value: Uint8Array;
  /** Chosen by the caller; the same id twice is one signal. */
  signalId: string | null;
}

/**
 * Appends a signal and wakes the workflow, which may wait for any name. Order of arrival is the order of delivery.
 * Errors: WrongState when the workflow ended or its history is full, LimitExceeded at `signalsMax`. Source: SignalWorkflow.
 */
export function signalWorkflow(
  workflow: Workflow,
  signal: Signal,
  actor: Actor,
  limits: HistoryLimits = historyLimitsDefault,
): WorkflowChange {
  if (isWorkflowTerminal(workflow.status)) {
    throw new DomainError("WrongState", `the workflow is ${workflow.status}`, { reason: "NOT_ACTIVE" });
  }
  if (workflow.signalCount >= signalsMax) {
    throw new DomainError("LimitExceeded", `the workflow has received ${signalsMax} signals, the most it may`, {
      reason: "SIGNAL_LIMIT",
    });
  }
  const data = eventData([
    ["signalName", signal.name],
    ["signalValue", rawJson(signal.value)],
    ["signalId", signal.signalId ?? undefined],
  ]);
  const { sequence, historyBytes } = workflow;
  const excess = historyExcess({ sequence: sequence + 1, historyBytes: historyBytes + data.byteLength }, limits);
  if (excess !== undefined) throw historyFull(excess);
  const counted = { ...workflow, signalCount: workflow.signalCount + 1 };
  return appendExternal(counted, [{ type: "SIGNAL_RECEIVED", data, wakes: true }], actor, limits);
}
