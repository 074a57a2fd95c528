import { type ActionName, actions } from "@flovyn/authz";

/** Which calls are recorded when they were allowed; denied ones always are. */
export type AuditLevel = "management" | "changes";

/** What people steer and manage with. */
const management: ReadonlySet<ActionName> = new Set<ActionName>([
  "createOrg",
  "createWorkerToken",
  "revokeWorkerToken",
  "cancelWorkflowExecution",
  "cancelExecution",
  "cancelTaskExecution",
  "resolvePromise",
  "rejectPromise",
  "createPromiseToken",
]);

/** Starts and signals: executions tell who caused them, so that these are recorded twice only where it is asked for. */
const changes: ReadonlySet<ActionName> = new Set<ActionName>([
  "startWorkflow",
  "startChild",
  "signalWithStartWorkflow",
  "signalWorkflow",
  "submitTask",
  "registerWorker",
]);

export function isAudited(action: ActionName, level: AuditLevel): boolean {
  return management.has(action) || (level === "changes" && changes.has(action));
}

export function resourceTypeOf(action: ActionName): string {
  return actions[action].resource;
}
