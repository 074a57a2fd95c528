import type { RequestHandler } from "@flovyn/bus";
import type { Batches } from "../batches/index.js";
import type { TasksContext } from "../context.js";
import type { DelayedHints } from "../delayed-hints.js";
import { createTaskStreams } from "../streams/task-streams.js";
import { cancelTaskExecution, cancelTaskForRest } from "./cancel-task.js";
import { claimTasksForPollers } from "./claim-tasks.js";
import { getTask } from "./get-task.js";
import { releaseTasks } from "./release-tasks.js";
import { completeTaskExecution, failTaskExecution } from "./report-task.js";
import { streamTaskData } from "./stream-task-data.js";
import { submitTask } from "./submit-task.js";
import { heartbeat, logMessage, reportProgress } from "./task-signals.js";
import { clearAllState, clearState, getState, getStateKeys, setState } from "./task-state.js";

/** Every operation the service answers. */
export function createRoutes(
  context: TasksContext,
  batches: Batches,
  hints: DelayedHints,
): ReadonlyMap<string, RequestHandler> {
  const streams = createTaskStreams(context);
  return new Map<string, RequestHandler>([
    ["flovyn.v1.TaskExecution/SubmitTask", (request) => submitTask(batches, request)],
    ["flovyn.v1.TaskExecution/CompleteTask", (request) => completeTaskExecution(batches, request)],
    ["flovyn.v1.TaskExecution/FailTask", (request) => failTaskExecution(batches, request)],
    ["flovyn.v1.TaskExecution/ReportProgress", (request) => reportProgress(context, streams, request)],
    ["flovyn.v1.TaskExecution/Heartbeat", (request) => heartbeat(context, batches, request)],
    ["flovyn.v1.TaskExecution/CancelTask", (request) => cancelTaskExecution(context, hints, request)],
    ["flovyn.v1.TaskExecution/LogMessage", (request) => logMessage(context, request)],
    ["flovyn.v1.TaskExecution/StreamTaskData", (request) => streamTaskData(context, streams, request)],
    ["flovyn.v1.TaskExecution/GetState", (request) => getState(context, request)],
    ["flovyn.v1.TaskExecution/SetState", (request) => setState(context, request)],
    ["flovyn.v1.TaskExecution/ClearState", (request) => clearState(context, request)],
    ["flovyn.v1.TaskExecution/ClearAllState", (request) => clearAllState(context, request)],
    ["flovyn.v1.TaskExecution/GetStateKeys", (request) => getStateKeys(context, request)],
    ["internal/ClaimTasks", (request) => claimTasksForPollers(batches, request)],
    ["internal/ReleaseTasks", (request) => releaseTasks(context, hints, request)],
    ["internal/CancelTask", (request) => cancelTaskForRest(context, hints, request)],
    ["internal/GetTask", (request) => getTask(context, request)],
  ]);
}
