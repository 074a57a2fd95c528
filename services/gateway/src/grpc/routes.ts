import type { ServiceName, WorkKind } from "@flovyn/bus";

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

export interface Route {
  /** gRPC path without the leading slash; also the bus operation. */
  readonly path: string;
  readonly name: string;
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
    PollWorkflow: { type: "poll", kind: "workflow" },
    SubscribeToNotifications: { type: "notifications" },
    StartWorkflow: dispatch,
    GetVisualWorkflowDefinitionById: { type: "no-definition" },
    StartChildWorkflow: dispatch,
    ResolvePromise: promises,
    RejectPromise: promises,
    SignalWithStartWorkflow: dispatch,
    SignalWorkflow: dispatch,
    GetEvents: { type: "history", service: "dispatch" },
    SubmitWorkflowCommands: { type: "submit", service: "dispatch" },
    ReportExecutionSpans: dispatch,
  }),
  ...service("flovyn.v1.WorkflowQuery", { QueryWorkflow: dispatch }),
  ...service("flovyn.v1.TaskExecution", {
    SubmitTask: tasks,
    PollTask: { type: "poll", kind: "task" },
    CompleteTask: tasks,
    FailTask: tasks,
    ReportProgress: tasks,
    Heartbeat: tasks,
    CancelTask: tasks,
    LogMessage: tasks,
    GetState: tasks,
    SetState: tasks,
    ClearState: tasks,
    ClearAllState: tasks,
    GetStateKeys: tasks,
    StreamTaskData: tasks,
  }),
  ...service("flovyn.v1.WorkerLifecycle", {
    RegisterWorker: { type: "register", service: "dispatch" },
    SendHeartbeat: { type: "heartbeat", service: "dispatch" },
  }),
  ...service("flovyn.v1.AgentDispatch", {
    PollAgent: later,
    GetEntries: later,
    AppendEntry: later,
    GetLatestCheckpoint: later,
    SubmitCheckpoint: later,
    ScheduleAgentTask: later,
    CompleteAgent: later,
    FailAgent: later,
    SuspendAgent: later,
    ResumeAgent: later,
    SignalAgent: later,
    ConsumeSignals: later,
    HasSignal: later,
    GetAgentTaskResult: later,
    GetAgentTaskResults: later,
    GetAgentTaskCount: later,
    CancelAgentTask: later,
    StreamAgentData: later,
    SpawnChildAgent: later,
    SendParentSignal: later,
    SendChildSignal: later,
    PollChildEvents: later,
  }),
  ...service("flovyn.ext.v1.WorkflowClient", {
    AwaitResult: { type: "await-result" },
    CancelWorkflow: dispatch,
  }),
];

function service(fullName: string, methods: Readonly<Record<string, Handling>>): Route[] {
  return Object.entries(methods).map(([name, handling]) => ({
    path: `${fullName}/${name}`,
    name,
    shape: streams[name] ?? "unary",
    handling,
  }));
}
