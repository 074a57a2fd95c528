import type {
  QueryWorkflowRequest,
  RejectPromiseRequest,
  ResolvePromiseRequest,
  SignalWithStartWorkflowRequest,
  SignalWorkflowRequest,
} from "@flovyn/proto/v1";
import { status } from "@grpc/grpc-js";
import type { FakeExecution } from "./fake-execution.js";
import type { FakeServer } from "./fake-server.js";
import { Refusal } from "./grpc-door.js";

/** What a fake server does with signals, settled promises and queries. */
export function messageHandlers(server: FakeServer) {
  const signal = (
    execution: FakeExecution,
    { signalName, signalValue, signalId }: Pick<SignalWorkflowRequest, "signalName" | "signalValue" | "signalId">,
  ) => {
    if (execution.ended) throw new Refusal(status.FAILED_PRECONDITION, `the workflow is ${execution.status}`);
    const known = signalId === undefined ? undefined : execution.signals.get(signalId);
    if (known !== undefined) return { signalEventSequence: known, duplicate: true };
    execution.simulated.signal(signalName, JSON.parse(signalValue.toString()));
    const sequence = execution.simulated.events.length;
    if (signalId !== undefined) execution.signals.set(signalId, sequence);
    execution.wake();
    server.changed();
    return { signalEventSequence: sequence, duplicate: false };
  };
  const settle = (promiseId: string, apply: (execution: FakeExecution, promise: string) => void) => {
    const [workflowId = "", name = ""] = promiseId.split(/:(.*)/s);
    const holder = [...server.executions.values()].find(({ id, simulated }) =>
      simulated.open.some((wait) => wait.what === "promise" && (id === workflowId || wait.id === promiseId)),
    );
    if (holder === undefined) throw new Refusal(status.NOT_FOUND, "there is no such promise");
    apply(holder, holder.id === workflowId ? name : promiseId);
    holder.wake();
    server.changed();
    return {};
  };
  return {
    SignalWorkflow: (request: SignalWorkflowRequest) => signal(server.execution(request.workflowExecutionId), request),
    SignalWithStartWorkflow: (request: SignalWithStartWorkflowRequest) => {
      const { workflowInput: input, workflowId: idempotencyKey, ...rest } = request;
      const started = server.start({ ...rest, input, idempotencyKey });
      const workflowCreated = started.idempotencyKeyNew;
      const { workflowExecutionId } = started;
      return { workflowExecutionId, workflowCreated, ...signal(server.execution(workflowExecutionId), request) };
    },
    ResolvePromise: ({ promiseId, value }: ResolvePromiseRequest) =>
      settle(promiseId, ({ simulated }, promise) => simulated.resolvePromise(promise, JSON.parse(value.toString()))),
    RejectPromise: ({ promiseId, error }: RejectPromiseRequest) =>
      settle(promiseId, ({ simulated }, promise) => simulated.rejectPromise(promise, error)),
    QueryWorkflow: ({ workflowExecutionId, queryName, params }: QueryWorkflowRequest) => {
      const { id } = server.execution(workflowExecutionId);
      if (queryName === "unknown") return { error: 'the workflow has no state "unknown"' };
      return { result: Buffer.from(JSON.stringify({ id, queryName, params: JSON.parse(params.toString()) })) };
    },
  };
}
