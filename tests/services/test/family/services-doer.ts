import type { DurablePromise, Settlement, Submission } from "@flovyn/domain";
import { CancelWorkflowRequest, CancelWorkflowResponse } from "@flovyn/proto/ext";
import {
  ClaimRequest,
  ClaimResponse,
  ReleaseRequest,
  ReleaseResponse,
  SettlePromiseRequest,
  SettlePromiseResponse,
} from "@flovyn/proto/internal";
import {
  CancelTaskRequest,
  CompleteTaskRequest,
  FailTaskRequest,
  SignalWorkflowRequest,
  SubmitWorkflowCommandsRequest,
} from "@flovyn/proto/v1";
import type { Cluster } from "../cluster.js";
import type { Doer } from "./player.js";
import { toWire } from "./wire.js";

const pollers = [{ workerId: "worker", principal: "Worker/principal", leaseMs: 0 }];

/** Takes the steps against the services of a cluster. `realId` tells the id that the server gave a promise of the model. */
export function servicesDoer(cluster: Cluster, realId: (promiseId: string) => string): Doer {
  /** A claim passes over a row that somebody holds for a moment, and is hinted again: so an empty one is tried again. */
  const claim = async (
    service: "dispatch" | "tasks",
    operation: string,
    queue: string,
    tries = 3,
  ): Promise<string[]> => {
    const request = { orgId: cluster.orgId, queue, kinds: [], pollers };
    const { items } = await cluster.call(service, operation, [ClaimRequest, ClaimResponse], request);
    if (items.length === 0 && tries > 1) return claim(service, operation, queue, tries - 1);
    return items.map(({ id }) => id);
  };
  const task = (name: string) => `flovyn.v1.TaskExecution/${name}`;
  const workflow = (name: string) => `flovyn.v1.WorkflowDispatch/${name}`;
  const release = async (service: "dispatch" | "tasks", operation: string, id: string, claimEpoch: number) => {
    await cluster.call(service, operation, [ReleaseRequest, ReleaseResponse], { items: [{ id, claimEpoch }] });
  };
  return {
    claim: (_id, queue) => claim("dispatch", "internal/ClaimWorkflows", queue),
    claimTask: (queue) => claim("tasks", "internal/ClaimTasks", queue),
    submit: (workflowExecutionId, submission) => {
      const message = { workflowExecutionId, ...toWire(withRealIds(submission, realId)) };
      return codeOf(
        cluster.send("dispatch", workflow("SubmitWorkflowCommands"), SubmitWorkflowCommandsRequest, message),
      );
    },
    complete: (taskExecutionId, report) =>
      codeOf(cluster.send("tasks", task("CompleteTask"), CompleteTaskRequest, { taskExecutionId, ...report })),
    fail: (taskExecutionId, report) =>
      codeOf(cluster.send("tasks", task("FailTask"), FailTaskRequest, { taskExecutionId, ...report })),
    cancelTask: (taskExecutionId) =>
      codeOf(cluster.send("tasks", task("CancelTask"), CancelTaskRequest, { taskExecutionId })),
    releaseTask: (id, claimEpoch) => release("tasks", "internal/ReleaseTasks", id, claimEpoch),
    release: (id, claimEpoch) => release("dispatch", "internal/ReleaseWorkflows", id, claimEpoch),
    cancel: async (workflowExecutionId, reason, cascadeToChildren) => {
      const types = [CancelWorkflowRequest, CancelWorkflowResponse] as const;
      const request = { workflowExecutionId, reason, cascadeToChildren };
      await cluster.call("dispatch", "flovyn.ext.v1.WorkflowClient/CancelWorkflow", types, request);
    },
    signal: (workflowExecutionId, { name, value, signalId }) => {
      const message = { workflowExecutionId, signalName: name, signalValue: value, signalId: signalId ?? undefined };
      return codeOf(cluster.send("dispatch", workflow("SignalWorkflow"), SignalWorkflowRequest, message));
    },
    settle: async (promise: DurablePromise, settlement: Settlement) => {
      const outcome: SettlePromiseRequest["outcome"] =
        settlement.type === "RESOLVED"
          ? { $case: "value", value: Buffer.from(settlement.value) }
          : { $case: "error", value: settlement.error };
      const types = [SettlePromiseRequest, SettlePromiseResponse] as const;
      const request = { promise: realId(promise.id), outcome };
      return (await cluster.call("promises", "internal/SettlePromise", types, request)).settled;
    },
    passTime: async (ms) => cluster.passTime(ms),
  };
}

/** The model makes ids for promises that the server makes itself. */
function withRealIds(submission: Submission, realId: (id: string) => string): Submission {
  const commands = submission.commands.map((command) =>
    command.type === "RESOLVE_PROMISE" ? { ...command, promise: realId(command.promise) } : command,
  );
  return { ...submission, commands };
}

function codeOf(answer: Promise<unknown>): Promise<string> {
  return answer.then(
    () => "OK",
    (error: { code?: string }) => error.code ?? String(error),
  );
}
