import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { findTask } from "@flovyn/db";
import { parseExecutionId } from "@flovyn/domain";
import { GetTaskRequest, TaskView } from "@flovyn/proto/internal";
import { noSuchTask } from "../change-tasks.js";
import type { TasksContext } from "../context.js";

/** One task. A tag that names another partition is answered like a missing row. Errors: InvalidInput, NotFound. */
export async function getTask(context: TasksContext, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(GetTaskRequest, request.payload);
  const { id, partition } = parseExecutionId(message.id, "id");
  const task = await findTask(context.db, { orgId: request.caller.orgId, id });
  if (task === undefined || (partition !== undefined && partition !== task.partitionKey)) throw noSuchTask();
  return TaskView.encode({
    id: task.id,
    orgId: task.orgId,
    kind: task.kind,
    status: task.status,
    queue: task.queue,
    input: task.input as Buffer,
    output: (task.output as Buffer | null) ?? undefined,
    error: task.error ?? undefined,
    workflowExecutionId: task.workflowId ?? undefined,
    executionCount: task.executionCount,
    maxRetries: task.maxRetries,
    progress: task.progress ?? undefined,
    progressDetails: task.progressDetails ?? undefined,
    workerId: task.workerId ?? undefined,
    metadata: task.metadata,
    createdAtMs: task.createdAtMs,
    startedAtMs: task.startedAtMs ?? undefined,
    completedAtMs: task.completedAtMs ?? undefined,
    partitionKey: task.partitionKey,
    rootExecutionId: task.rootExecutionId,
    idempotencyKeyUsed: false,
    idempotencyKeyNew: false,
  }).finish();
}
