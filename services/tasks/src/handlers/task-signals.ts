import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { findTask, insertTaskLog, setTaskProgress } from "@flovyn/db";
import { cutText, DomainError, invalidField, isTaskTerminal, logMessageMax, newId, parseUuid } from "@flovyn/domain";
import { HeartbeatRequest, LogMessageRequest, ReportProgressRequest } from "@flovyn/proto/v1";
import type { Batches } from "../batches/index.js";
import { noSuchTask } from "../change-tasks.js";
import type { TasksContext } from "../context.js";
import type { TaskStreams } from "../streams/task-streams.js";

const empty = new Uint8Array(0);
const logLevels = ["DEBUG", "INFO", "WARN", "ERROR"];
const detailsMax = 4_096;

/**
 * Extends the lease of a RUNNING task. Errors: NotFound; WrongState NOT_ACTIVE when the task ended (also by cancelling);
 * StaleClaim when somebody else holds it: the worker should stop. Source: Heartbeat.
 */
export async function heartbeat(
  context: TasksContext,
  batches: Batches,
  request: IncomingRequest,
): Promise<Uint8Array> {
  const message = decodeMessage(HeartbeatRequest, request.payload);
  const taskId = parseUuid(message.taskExecutionId, "task_execution_id");
  const { orgId } = request.caller;
  const claimEpoch = message.claimEpoch ?? request.claimEpoch ?? null;
  if (await batches.heartbeat.submit({ orgId, taskId, claimEpoch })) return empty;
  const task = await findTask(context.db, { orgId, id: taskId });
  if (task === undefined) throw noSuchTask();
  if (task.status === "RUNNING") {
    throw new DomainError("StaleClaim", "the task was handed to another worker", { reason: "STALE_LEASE" });
  }
  const reason = isTaskTerminal(task.status) ? "NOT_ACTIVE" : "LEASE_REVOKED";
  throw new DomainError("WrongState", `the task is ${task.status}, not RUNNING`, { reason });
}

/**
 * Stores progress and tells live streams; a report after the end is not stored. Errors: InvalidInput, NotFound.
 * Source: ReportProgress.
 */
export async function reportProgress(
  context: TasksContext,
  streams: TaskStreams,
  request: IncomingRequest,
): Promise<Uint8Array> {
  const message = decodeMessage(ReportProgressRequest, request.payload);
  const id = parseUuid(message.taskExecutionId, "task_execution_id");
  const { progress } = message;
  if (!(progress >= 0 && progress <= 1)) throw invalidField("progress", "must be from 0.0 to 1.0");
  const details = message.details === "" ? undefined : cutText(message.details, detailsMax);
  const { orgId } = request.caller;
  const now = context.clock.now();
  const task = await streams.find(orgId, id);
  if (!(await setTaskProgress(context.db, { orgId, id, progress, details: details ?? null, now }))) throw noSuchTask();
  const payload = JSON.stringify({ type: "progress", progress, details });
  streams.publish(task, { type: "progress", payload, sequence: 0, timestampMs: now });
  return empty;
}

/** Stores a log line, also after the end of the task. Errors: InvalidInput, NotFound. Source: LogMessage. */
export async function logMessage(context: TasksContext, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(LogMessageRequest, request.payload);
  const id = parseUuid(message.taskExecutionId, "task_execution_id");
  const level = message.level.toUpperCase();
  if (!logLevels.includes(level)) throw invalidField("level", `must be one of ${logLevels.join(", ")}`);
  const known = await insertTaskLog(context.db, {
    logId: newId(),
    orgId: request.caller.orgId,
    id,
    level,
    message: cutText(message.message, logMessageMax),
    now: context.clock.now(),
  });
  if (!known) throw noSuchTask();
  return empty;
}
