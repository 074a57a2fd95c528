import type { Actor } from "../transition.js";
import { beginChange, finishChange, moveTo } from "./change.js";
import { unchanged, type Workflow, type WorkflowChange } from "./state.js";
import { isCurrent } from "./submit.js";

/**
 * Why a worker could not run a workflow. Not why the workflow failed: the code may be wrong, too old or too new for this
 * history, and another deploy puts it right.
 */
export const activationFailureReasons = [
  "DETERMINISM_VIOLATION",
  "HISTORY_UNREADABLE",
  "UNKNOWN_KIND",
  "WORKER_ERROR",
] as const;
export type ActivationFailureReason = (typeof activationFailureReasons)[number];

/** Characters of the text that are kept. */
export const activationFailureTextMax = 4096;

export interface ActivationFailure {
  reason: ActivationFailureReason;
  message: string;
  /** The event at which the activation went wrong; 0 when there is none. */
  eventSequence: number;
}

export interface ActivationFailureReport extends ActivationFailure {
  claimEpoch?: number;
}

/** The first try is soon, because another worker of a rolling deploy may have the right code. */
const firstDelayMs = 1000;
/** So often a broken deploy is tried for each of its workflows: seldom enough that thousands of them cost little. */
const delayMsMax = 300_000;

/** How long a workflow rests after so many failed activations in a row. In ms. */
export function activationDelayMs(failures: number): number {
  return Math.min(delayMsMax, firstDelayMs * 2 ** Math.min(failures - 1, 30));
}

export interface FailedActivation extends WorkflowChange {
  /** False for the late or repeated report that changes nothing. */
  applied: boolean;
  /** When the workflow may be claimed again. */
  availableAtMs: number;
}

/**
 * Gives a workflow back that its worker cannot run. It is PENDING again and rests, longer each time, whatever arrives for it
 * meanwhile; an activation that succeeds starts the count anew. Errors: those of `isCurrent`. Source: ReportActivationFailure.
 */
export function failActivation(workflow: Workflow, report: ActivationFailureReport, now: number): FailedActivation {
  const { claimEpoch, reason } = report;
  const held = {
    commands: [],
    outcome: { type: "SUSPENDED" },
    ...(claimEpoch !== undefined && { claimEpoch }),
  } as const;
  if (!isCurrent(workflow, held)) return { ...unchanged(workflow), applied: false, availableAtMs: 0 };
  const actor: Actor = { type: "worker", id: workflow.workerId ?? "" };
  const activationFailures = workflow.activationFailures + 1;
  const change = beginChange({ ...workflow, activationFailures, workerId: null, wakePending: false });
  moveTo(change, "PENDING", actor, reason);
  return { ...finishChange(change), applied: true, availableAtMs: now + activationDelayMs(activationFailures) };
}
