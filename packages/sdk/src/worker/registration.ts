import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { type TaskCapability, WorkerRegistrationRequest, type WorkflowCapability } from "@flovyn/proto/v1";
import type { AnyTask } from "../definitions/task.js";
import type { AnyWorkflow } from "../definitions/workflow.js";

const none = Buffer.alloc(0);

/** What a worker declares when it starts. */
export function toRegistration(worker: {
  name: string;
  version: string;
  orgId: string;
  workflows: readonly AnyWorkflow[];
  tasks: readonly AnyTask[];
}): WorkerRegistrationRequest {
  const { workflows, tasks } = worker;
  return WorkerRegistrationRequest.fromPartial({
    workerName: worker.name,
    workerVersion: worker.version,
    workerType: tasks.length === 0 ? "WORKFLOW" : workflows.length === 0 ? "TASK" : "UNIFIED",
    orgId: worker.orgId,
    hostName: hostname(),
    processId: String(process.pid),
    workflows: workflows.map(workflowCapability),
    tasks: tasks.map(taskCapability),
  });
}

function workflowCapability({ name, version, description, tags }: AnyWorkflow): WorkflowCapability {
  return {
    kind: name,
    name,
    description,
    timeoutSeconds: undefined,
    cancellable: true,
    tags: [...tags],
    retryPolicy: none,
    metadata: none,
    version,
    contentHash: createHash("sha256").update(`${name}:${version}`).digest("hex"),
    inputSchema: none,
    outputSchema: none,
  };
}

function taskCapability({ name, description, tags, timeoutMs }: AnyTask): TaskCapability {
  return {
    kind: name,
    name,
    description,
    timeoutSeconds: timeoutMs === undefined ? undefined : Math.ceil(timeoutMs / 1000),
    cancellable: true,
    tags: [...tags],
    retryPolicy: none,
    inputSchema: none,
    outputSchema: none,
    metadata: none,
  };
}
