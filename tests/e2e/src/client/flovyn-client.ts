import {
  CompleteTaskRequest,
  Empty,
  FailTaskRequest,
  GetEventsRequest,
  GetEventsResponse,
  PollRequest,
  PollResponse,
  PollTaskRequest,
  PollTaskResponse,
  StartWorkflowRequest,
  StartWorkflowResponse,
  SubmitTaskRequest,
  SubmitTaskResponse,
  SubmitWorkflowCommandsRequest,
  SubscriptionRequest,
  type TaskExecutionInfo,
  WorkAvailableEvent,
  WorkerRegistrationRequest,
  WorkerRegistrationResponse,
  type WorkflowEvent,
  type WorkflowExecution,
} from "@flovyn/proto/v1";
import { type CallOptions, type Codec, GrpcConnection } from "./grpc-connection.js";

const WORKFLOW = "/flovyn.v1.WorkflowDispatch";
const TASK = "/flovyn.v1.TaskExecution";
const WORKER = "/flovyn.v1.WorkerLifecycle";
/** What most existing SDKs send. */
const POLL_TIMEOUT_SECONDS = 30;

type PartialOf<Message> = Message extends { fromPartial(message: infer Partial): unknown } ? Partial : never;

export interface ClientOptions {
  /** Of the gRPC door: `localhost:9090`. */
  address: string;
  /** API key or worker token; undefined sends none. */
  token: string | undefined;
  /** Put into every request that has an org and names no other. */
  orgId: string;
}

/** The calls of the published protocol, one RPC each and nothing added. Errors of all: CallError. */
export class FlovynClient {
  readonly connection: GrpcConnection;
  readonly orgId: string;

  constructor(options: ClientOptions) {
    this.connection = new GrpcConnection(options.address, options.token);
    this.orgId = options.orgId;
  }

  startWorkflow(request: PartialOf<typeof StartWorkflowRequest>, options?: CallOptions) {
    const message = { orgId: this.orgId, queue: "default", ...request };
    return this.#call(`${WORKFLOW}/StartWorkflow`, StartWorkflowRequest, StartWorkflowResponse, message, options);
  }

  async pollWorkflow(
    request: PartialOf<typeof PollRequest>,
    options?: CallOptions,
  ): Promise<WorkflowExecution | undefined> {
    const message = { orgId: this.orgId, timeoutSeconds: POLL_TIMEOUT_SECONDS, ...request };
    const answer = await this.#call(`${WORKFLOW}/PollWorkflow`, PollRequest, PollResponse, message, options);
    return answer.workflowExecution;
  }

  async getEvents(workflowExecutionId: string, options?: CallOptions): Promise<WorkflowEvent[]> {
    const message = { workflowExecutionId };
    const answer = await this.#call(`${WORKFLOW}/GetEvents`, GetEventsRequest, GetEventsResponse, message, options);
    return answer.events;
  }

  async submitCommands(request: PartialOf<typeof SubmitWorkflowCommandsRequest>, options?: CallOptions): Promise<void> {
    await this.#call(`${WORKFLOW}/SubmitWorkflowCommands`, SubmitWorkflowCommandsRequest, Empty, request, options);
  }

  async *subscribe(request: PartialOf<typeof SubscriptionRequest>, options?: CallOptions) {
    const message = SubscriptionRequest.fromPartial({ orgId: this.orgId, ...request });
    const bytes = SubscriptionRequest.encode(message).finish();
    for await (const event of this.connection.serverStream(`${WORKFLOW}/SubscribeToNotifications`, bytes, options)) {
      yield WorkAvailableEvent.decode(event);
    }
  }

  submitTask(request: PartialOf<typeof SubmitTaskRequest>, options?: CallOptions) {
    const message = { orgId: this.orgId, queue: "default", ...request };
    return this.#call(`${TASK}/SubmitTask`, SubmitTaskRequest, SubmitTaskResponse, message, options);
  }

  async pollTask(
    request: PartialOf<typeof PollTaskRequest>,
    options?: CallOptions,
  ): Promise<TaskExecutionInfo | undefined> {
    const message = { orgId: this.orgId, timeoutSeconds: POLL_TIMEOUT_SECONDS, ...request };
    return (await this.#call(`${TASK}/PollTask`, PollTaskRequest, PollTaskResponse, message, options)).task;
  }

  async completeTask(request: PartialOf<typeof CompleteTaskRequest>, options?: CallOptions): Promise<void> {
    await this.#call(`${TASK}/CompleteTask`, CompleteTaskRequest, Empty, request, options);
  }

  async failTask(request: PartialOf<typeof FailTaskRequest>, options?: CallOptions): Promise<void> {
    await this.#call(`${TASK}/FailTask`, FailTaskRequest, Empty, request, options);
  }

  registerWorker(request: PartialOf<typeof WorkerRegistrationRequest>, options?: CallOptions) {
    const message = { orgId: this.orgId, workerVersion: "1.0.0", workerType: "UNIFIED", ...request };
    return this.#call(
      `${WORKER}/RegisterWorker`,
      WorkerRegistrationRequest,
      WorkerRegistrationResponse,
      message,
      options,
    );
  }

  close(): void {
    this.connection.close();
  }

  async #call<Request, RequestPartial, Response, ResponsePartial>(
    path: string,
    requestCodec: Codec<Request, RequestPartial>,
    responseCodec: Codec<Response, ResponsePartial>,
    request: RequestPartial,
    options?: CallOptions,
  ): Promise<Response> {
    const bytes = requestCodec.encode(requestCodec.fromPartial(request)).finish();
    return responseCodec.decode(await this.connection.unary(path, bytes, options));
  }
}
