/** What a policy may speak of as a whole. Source: server-wide roles in `default-policies.ts`. */
export const actionGroups = [
  "view",
  "list",
  "create",
  "update",
  "delete",
  "execute",
  "poll",
  "complete",
  "fail",
  "heartbeat",
  "work",
  "manage",
] as const;
export type ActionGroup = (typeof actionGroups)[number];

/** What only workers do, with what they have taken; OWNER may as well. */
export const workerGroups: readonly ActionGroup[] = ["poll", "complete", "fail", "heartbeat", "work"];

export const resourceTypes = [
  "Server",
  "Org",
  "WorkerToken",
  "AuditLog",
  "Definition",
  "Workflow",
  "WorkflowExecution",
  "Task",
  "TaskExecution",
  "Promise",
  "Queue",
  "Schedule",
  "Worker",
  "AgentExecution",
] as const;
export type ResourceType = (typeof resourceTypes)[number];

interface Action {
  readonly group: ActionGroup;
  readonly resource: ResourceType;
}

/** Everything that may be allowed or denied: one for each RPC and route, the same where both do the same, and for commands. */
export const actions = {
  createOrg: { group: "create", resource: "Server" },
  listOrgs: { group: "list", resource: "Server" },
  viewOrg: { group: "view", resource: "Org" },
  viewApi: { group: "view", resource: "Server" },
  /** Where the configuration asks for a key. */
  viewMetrics: { group: "manage", resource: "Server" },

  createWorkerToken: { group: "manage", resource: "WorkerToken" },
  listWorkerTokens: { group: "manage", resource: "WorkerToken" },
  revokeWorkerToken: { group: "manage", resource: "WorkerToken" },
  viewAuditLog: { group: "manage", resource: "AuditLog" },

  startWorkflow: { group: "execute", resource: "Workflow" },
  signalWithStartWorkflow: { group: "execute", resource: "Workflow" },
  /** By its RPC, and by a command of a submission. */
  startChild: { group: "execute", resource: "Workflow" },
  listWorkflowExecutions: { group: "list", resource: "WorkflowExecution" },
  viewWorkflowExecution: { group: "view", resource: "WorkflowExecution" },
  viewWorkflowHistory: { group: "view", resource: "WorkflowExecution" },
  viewWorkflowState: { group: "view", resource: "WorkflowExecution" },
  queryWorkflow: { group: "view", resource: "WorkflowExecution" },
  awaitWorkflowResult: { group: "view", resource: "WorkflowExecution" },
  streamWorkflowExecution: { group: "view", resource: "WorkflowExecution" },
  signalWorkflow: { group: "update", resource: "WorkflowExecution" },
  cancelWorkflowExecution: { group: "update", resource: "WorkflowExecution" },
  /** A workflow or a task, whichever has the id. */
  cancelExecution: { group: "update", resource: "WorkflowExecution" },
  submitWorkflowCommands: { group: "work", resource: "WorkflowExecution" },
  reportActivationFailure: { group: "work", resource: "WorkflowExecution" },
  reportExecutionSpans: { group: "work", resource: "WorkflowExecution" },
  viewDefinition: { group: "view", resource: "Definition" },

  submitTask: { group: "create", resource: "TaskExecution" },
  /** By a command of a submission. */
  scheduleTask: { group: "work", resource: "TaskExecution" },
  viewTaskExecution: { group: "view", resource: "TaskExecution" },
  streamTaskExecution: { group: "view", resource: "TaskExecution" },
  viewTaskState: { group: "view", resource: "TaskExecution" },
  updateTaskState: { group: "work", resource: "TaskExecution" },
  reportTaskProgress: { group: "work", resource: "TaskExecution" },
  logTaskMessage: { group: "work", resource: "TaskExecution" },
  streamTaskData: { group: "work", resource: "TaskExecution" },
  cancelTaskExecution: { group: "update", resource: "TaskExecution" },
  completeTask: { group: "complete", resource: "TaskExecution" },
  failTask: { group: "fail", resource: "TaskExecution" },
  heartbeatTask: { group: "heartbeat", resource: "TaskExecution" },

  viewPromise: { group: "view", resource: "Promise" },
  resolvePromise: { group: "update", resource: "Promise" },
  rejectPromise: { group: "update", resource: "Promise" },
  createPromiseToken: { group: "update", resource: "Promise" },

  pollWorkflow: { group: "poll", resource: "Queue" },
  pollTask: { group: "poll", resource: "Queue" },
  subscribeToWork: { group: "poll", resource: "Queue" },
  registerWorker: { group: "work", resource: "Worker" },
  heartbeatWorker: { group: "heartbeat", resource: "Worker" },

  spawnAgent: { group: "execute", resource: "AgentExecution" },
  pollAgent: { group: "poll", resource: "Queue" },
  viewAgentExecution: { group: "view", resource: "AgentExecution" },
  updateAgentExecution: { group: "work", resource: "AgentExecution" },
  completeAgent: { group: "complete", resource: "AgentExecution" },
  failAgent: { group: "fail", resource: "AgentExecution" },
} as const satisfies Record<string, Action>;

export type ActionName = keyof typeof actions;

export const actionNames = Object.keys(actions) as ActionName[];
