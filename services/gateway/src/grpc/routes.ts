import type { ActionName } from "@flovyn/authz";
import type { ServiceName, WorkKind } from "@flovyn/bus";
import { type MessageShape, requestShape } from "@flovyn/proto/wire";
import { type MessageLimits, messageLimits } from "./message-limits.js";

export type Shape = "unary" | "server-stream" | "client-stream" | "bidi";

/** What becomes of a call. */
export type Handling =
  /** Its bytes go to a service, the answer comes back as it is. */
  | { readonly type: "forward"; readonly service: ServiceName }
  /** Forwarded, again and again for a while where the service is Unavailable; remembered until the worker submits. */
  | { readonly type: "history"; readonly service: ServiceName }
  /** Forwarded with what is known of the worker's history. */
  | { readonly type: "submit"; readonly service: ServiceName }
  /** Forwarded; it also tells that a worker lives. */
  | { readonly type: "heartbeat"; readonly service: ServiceName }
  /** Forwarded; afterwards the worker takes the kinds it registered. */
  | { readonly type: "register"; readonly service: ServiceName }
  | { readonly type: "poll"; readonly kind: WorkKind }
  | { readonly type: "notifications" }
  | { readonly type: "await-result" }
  /** No execution runs a visual definition, so there is none to load: answered NOT_FOUND. */
  | { readonly type: "no-definition" }
  /** Not there yet: answered UNIMPLEMENTED by name. */
  | { readonly type: "later" };

/** What a call is to metrics and policies. */
export interface CallTarget {
  readonly name: string;
  readonly action: ActionName;
  /** Of one message of a request. */
  readonly limits: MessageLimits;
  /** What its fields are, for a message whose elements are counted. */
  readonly request?: MessageShape;
}

export interface Route extends CallTarget {
  /** gRPC path without the leading slash; also the bus operation. */
  readonly path: string;
  readonly shape: Shape;
  readonly handling: Handling;
}

const dispatch: Handling = { type: "forward", service: "dispatch" };
const tasks: Handling = { type: "forward", service: "tasks" };
const promises: Handling = { type: "forward", service: "promises" };
const later: Handling = { type: "later" };

/** All other RPCs are unary. */
const streams: Readonly<Record<string, Shape>> = {
  SubscribeToNotifications: "server-stream",
  GetEntries: "server-stream",
  ScheduleAgentTask: "client-stream",
  StreamAgentData: "client-stream",
};

/** Every RPC of the public protocols. A test compares the table with the generated service definitions. */
export const routes: readonly Route[] = [
  ...service("flovyn.v1.WorkflowDispatch", {
    PollWorkflow: ["pollWorkflow", { type: "poll", kind: "workflow" }],
    SubscribeToNotifications: ["subscribeToWork", { type: "notifications" }],
    StartWorkflow: ["startWorkflow", dispatch],
    GetVisualWorkflowDefinitionById: ["viewDefinition", { type: "no-definition" }],
    StartChildWorkflow: ["startChild", dispatch],
    ResolvePromise: ["resolvePromise", promises],
    RejectPromise: ["rejectPromise", promises],
    SignalWithStartWorkflow: ["signalWithStartWorkflow", dispatch],
    SignalWorkflow: ["signalWorkflow", dispatch],
    GetEvents: ["viewWorkflowHistory", { type: "history", service: "dispatch" }],
    SubmitWorkflowCommands: ["submitWorkflowCommands", { type: "submit", service: "dispatch" }],
    ReportExecutionSpans: ["reportExecutionSpans", dispatch],
  }),
  ...service("flovyn.v1.WorkflowQuery", { QueryWorkflow: ["queryWorkflow", dispatch] }),
  ...service("flovyn.v1.TaskExecution", {
    SubmitTask: ["submitTask", tasks],
    PollTask: ["pollTask", { type: "poll", kind: "task" }],
    CompleteTask: ["completeTask", tasks],
    FailTask: ["failTask", tasks],
    ReportProgress: ["reportTaskProgress", tasks],
    Heartbeat: ["heartbeatTask", tasks],
    CancelTask: ["cancelTaskExecution", tasks],
    LogMessage: ["logTaskMessage", tasks],
    GetState: ["viewTaskState", tasks],
    SetState: ["updateTaskState", tasks],
    ClearState: ["updateTaskState", tasks],
    ClearAllState: ["updateTaskState", tasks],
    GetStateKeys: ["viewTaskState", tasks],
    StreamTaskData: ["streamTaskData", tasks],
  }),
  ...service("flovyn.v1.WorkerLifecycle", {
    RegisterWorker: ["registerWorker", { type: "register", service: "dispatch" }],
    SendHeartbeat: ["heartbeatWorker", { type: "heartbeat", service: "dispatch" }],
  }),
  ...service("flovyn.v1.AgentDispatch", {
    PollAgent: ["pollAgent", later],
    GetEntries: ["viewAgentExecution", later],
    AppendEntry: ["updateAgentExecution", later],
    GetLatestCheckpoint: ["viewAgentExecution", later],
    SubmitCheckpoint: ["updateAgentExecution", later],
    ScheduleAgentTask: ["updateAgentExecution", later],
    CompleteAgent: ["completeAgent", later],
    FailAgent: ["failAgent", later],
    SuspendAgent: ["updateAgentExecution", later],
    ResumeAgent: ["updateAgentExecution", later],
    SignalAgent: ["updateAgentExecution", later],
    ConsumeSignals: ["updateAgentExecution", later],
    HasSignal: ["viewAgentExecution", later],
    GetAgentTaskResult: ["viewAgentExecution", later],
    GetAgentTaskResults: ["viewAgentExecution", later],
    GetAgentTaskCount: ["viewAgentExecution", later],
    CancelAgentTask: ["updateAgentExecution", later],
    StreamAgentData: ["updateAgentExecution", later],
    SpawnChildAgent: ["spawnAgent", later],
    SendParentSignal: ["updateAgentExecution", later],
    SendChildSignal: ["updateAgentExecution", later],
    PollChildEvents: ["viewAgentExecution", later],
  }),
  ...service("flovyn.ext.v1.WorkflowClient", {
    AwaitResult: ["awaitWorkflowResult", { type: "await-result" }],
    CancelWorkflow: ["cancelWorkflowExecution", dispatch],
  }),
  ...service("flovyn.ext.v1.WorkflowWorker", {
    ReportActivationFailure: ["reportActivationFailure", dispatch],
  }),
];

function service(fullName: string, methods: Readonly<Record<string, readonly [ActionName, Handling]>>): Route[] {
  return Object.entries(methods).map(([name, [action, handling]]) => ({
    path: `${fullName}/${name}`,
    name,
    action,
    shape: streams[name] ?? "unary",
    handling,
    limits: messageLimits(fullName, name),
    request: requestShape(`${fullName}/${name}`),
  }));
}
