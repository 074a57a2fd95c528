import { WorkflowClientDefinition } from "@flovyn/proto/ext";
import {
  TaskExecutionDefinition,
  type TaskExecutionInfo,
  WorkerLifecycleDefinition,
  WorkflowDispatchDefinition,
  type WorkflowEvent,
  type WorkflowExecution,
  WorkflowQueryDefinition,
} from "@flovyn/proto/v1";
import { type CallOptions, GrpcConnection } from "./grpc-connection.js";
import { type PartialOf, type UnaryMethod, unaryCall } from "./unary-call.js";

/** What most existing SDKs send. */
const POLL_TIMEOUT_SECONDS = 30;
const workflow = WorkflowDispatchDefinition.methods;
const task = TaskExecutionDefinition.methods;
const worker = WorkerLifecycleDefinition.methods;

export interface ClientOptions {
  /** Of the gRPC door: `localhost:9090`. */
  address: string;
  /** API key or worker token; undefined sends none. */
  token: string | undefined;
  /** Put into every request that has an org and names no other. */
  orgId: string;
}

/** The calls of the published protocol but those of agents, one RPC each and nothing added. Errors of all: CallError. */
export class FlovynClient {
  readonly connection: GrpcConnection;
  readonly orgId: string;

  constructor(options: ClientOptions) {
    this.connection = new GrpcConnection(options.address, options.token);
    this.orgId = options.orgId;
  }

  startWorkflow(request: PartialOf<typeof workflow.startWorkflow>, options?: CallOptions) {
    return this.#dispatch(workflow.startWorkflow, { queue: "default", ...request }, options);
  }

  startChildWorkflow(request: PartialOf<typeof workflow.startChildWorkflow>, options?: CallOptions) {
    return this.#dispatch(workflow.startChildWorkflow, request, options);
  }

  async pollWorkflow(
    request: PartialOf<typeof workflow.pollWorkflow>,
    options?: CallOptions,
  ): Promise<WorkflowExecution | undefined> {
    const message = { timeoutSeconds: POLL_TIMEOUT_SECONDS, ...request };
    return (await this.#dispatch(workflow.pollWorkflow, message, options)).workflowExecution;
  }

  async getEvents(workflowExecutionId: string, options?: CallOptions): Promise<WorkflowEvent[]> {
    return (await this.#dispatch(workflow.getEvents, { workflowExecutionId }, options)).events;
  }

  submitCommands(request: PartialOf<typeof workflow.submitWorkflowCommands>, options?: CallOptions) {
    return this.#dispatch(workflow.submitWorkflowCommands, request, options);
  }

  signalWorkflow(request: PartialOf<typeof workflow.signalWorkflow>, options?: CallOptions) {
    return this.#dispatch(workflow.signalWorkflow, request, options);
  }

  signalWithStart(request: PartialOf<typeof workflow.signalWithStartWorkflow>, options?: CallOptions) {
    return this.#dispatch(workflow.signalWithStartWorkflow, { queue: "default", ...request }, options);
  }

  resolvePromise(request: PartialOf<typeof workflow.resolvePromise>, options?: CallOptions) {
    return this.#dispatch(workflow.resolvePromise, request, options);
  }

  rejectPromise(request: PartialOf<typeof workflow.rejectPromise>, options?: CallOptions) {
    return this.#dispatch(workflow.rejectPromise, request, options);
  }

  queryWorkflow(request: PartialOf<typeof WorkflowQueryDefinition.methods.queryWorkflow>, options?: CallOptions) {
    return this.#call(WorkflowQueryDefinition, WorkflowQueryDefinition.methods.queryWorkflow, request, options);
  }

  getVisualDefinition(workflowDefinitionId: string, options?: CallOptions) {
    return this.#dispatch(workflow.getVisualWorkflowDefinitionById, { workflowDefinitionId }, options);
  }

  reportSpans(request: PartialOf<typeof workflow.reportExecutionSpans>, options?: CallOptions) {
    return this.#dispatch(workflow.reportExecutionSpans, request, options);
  }

  async *subscribe(request: PartialOf<typeof workflow.subscribeToNotifications>, options?: CallOptions) {
    const { name, requestType, responseType } = workflow.subscribeToNotifications;
    const bytes = requestType.encode(requestType.fromPartial({ orgId: this.orgId, ...request })).finish();
    const path = `/${WorkflowDispatchDefinition.fullName}/${name}`;
    for await (const event of this.connection.serverStream(path, bytes, options)) yield responseType.decode(event);
  }

  submitTask(request: PartialOf<typeof task.submitTask>, options?: CallOptions) {
    return this.#task(task.submitTask, { queue: "default", ...request }, options);
  }

  async pollTask(
    request: PartialOf<typeof task.pollTask>,
    options?: CallOptions,
  ): Promise<TaskExecutionInfo | undefined> {
    const message = { timeoutSeconds: POLL_TIMEOUT_SECONDS, ...request };
    return (await this.#task(task.pollTask, message, options)).task;
  }

  completeTask(request: PartialOf<typeof task.completeTask>, options?: CallOptions) {
    return this.#task(task.completeTask, request, options);
  }

  failTask(request: PartialOf<typeof task.failTask>, options?: CallOptions) {
    return this.#task(task.failTask, request, options);
  }

  cancelTask(taskExecutionId: string, options?: CallOptions) {
    return this.#task(task.cancelTask, { taskExecutionId }, options);
  }

  heartbeat(request: PartialOf<typeof task.heartbeat>, options?: CallOptions) {
    return this.#task(task.heartbeat, request, options);
  }

  reportProgress(request: PartialOf<typeof task.reportProgress>, options?: CallOptions) {
    return this.#task(task.reportProgress, request, options);
  }

  logMessage(request: PartialOf<typeof task.logMessage>, options?: CallOptions) {
    return this.#task(task.logMessage, request, options);
  }

  getState(request: PartialOf<typeof task.getState>, options?: CallOptions) {
    return this.#task(task.getState, request, options);
  }

  setState(request: PartialOf<typeof task.setState>, options?: CallOptions) {
    return this.#task(task.setState, request, options);
  }

  clearState(request: PartialOf<typeof task.clearState>, options?: CallOptions) {
    return this.#task(task.clearState, request, options);
  }

  clearAllState(taskExecutionId: string, options?: CallOptions) {
    return this.#task(task.clearAllState, { taskExecutionId }, options);
  }

  async getStateKeys(taskExecutionId: string, options?: CallOptions): Promise<string[]> {
    return (await this.#task(task.getStateKeys, { taskExecutionId }, options)).keys;
  }

  streamTaskData(request: PartialOf<typeof task.streamTaskData>, options?: CallOptions) {
    return this.#task(task.streamTaskData, request, options);
  }

  registerWorker(request: PartialOf<typeof worker.registerWorker>, options?: CallOptions) {
    const message = { workerVersion: "1.0.0", workerType: "UNIFIED", ...request };
    return this.#call(WorkerLifecycleDefinition, worker.registerWorker, message, options);
  }

  sendHeartbeat(workerId: string, options?: CallOptions) {
    return this.#call(WorkerLifecycleDefinition, worker.sendHeartbeat, { workerId }, options);
  }

  /** Of flovyn.ext.v1: the published protocol has no call that cancels a workflow. */
  cancelWorkflow(request: PartialOf<typeof WorkflowClientDefinition.methods.cancelWorkflow>, options?: CallOptions) {
    return this.#call(WorkflowClientDefinition, WorkflowClientDefinition.methods.cancelWorkflow, request, options);
  }

  close(): void {
    this.connection.close();
  }

  #dispatch<Request, Partial, Response>(
    method: UnaryMethod<Request, Partial, Response>,
    request: Partial,
    options?: CallOptions,
  ) {
    return this.#call(WorkflowDispatchDefinition, method, request, options);
  }

  #task<Request, Partial, Response>(
    method: UnaryMethod<Request, Partial, Response>,
    request: Partial,
    options?: CallOptions,
  ) {
    return this.#call(TaskExecutionDefinition, method, request, options);
  }

  #call<Request, Partial, Response>(
    service: { fullName: string },
    method: UnaryMethod<Request, Partial, Response>,
    request: Partial,
    options?: CallOptions,
  ): Promise<Response> {
    const path = `/${service.fullName}/${method.name}`;
    return unaryCall(this.connection, { path, method, orgId: this.orgId, request, options });
  }
}
