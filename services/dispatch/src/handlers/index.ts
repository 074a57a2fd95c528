import type { RequestHandler } from "@flovyn/bus";
import type { Batches } from "../batches/index.js";
import type { DispatchContext } from "../context.js";
import type { LongReads } from "../long-reads.js";
import { listAudit, recordAudit } from "./audit.js";
import { readResult } from "./await-result.js";
import { cancelWorkflow } from "./cancel-workflow.js";
import { claimWorkflowsForPollers } from "./claim-workflows.js";
import { getEvents, listEventViews } from "./get-events.js";
import { getWorkflow, listWorkflowViews } from "./get-workflow.js";
import { createOrg, listOrgs } from "./manage-orgs.js";
import { registerWorker } from "./register-worker.js";
import { releaseWorkflows } from "./release-workflows.js";
import { reportActivationFailure } from "./report-activation-failure.js";
import { createReportExecutionSpans } from "./report-execution-spans.js";
import { resolveOrg } from "./resolve-org.js";
import { signalWithStart, signalWorkflowExecution } from "./signal-workflow.js";
import { startChildWorkflow } from "./start-child-workflow.js";
import { startWorkflowExecution } from "./start-workflow.js";
import { submitWorkflowCommands } from "./submit-workflow-commands.js";
import { sendHeartbeat, workerKinds, workersSeen } from "./worker-presence.js";
import { checkTokens, createWorkerToken, findTokens, listWorkerTokenViews, revokeToken } from "./worker-tokens.js";
import { getWorkflowState, queryWorkflow } from "./workflow-state.js";

/** Every operation the service answers. */
export function createRoutes(
  context: DispatchContext,
  batches: Batches,
  longReads: LongReads,
): ReadonlyMap<string, RequestHandler> {
  return new Map<string, RequestHandler>([
    ["flovyn.v1.WorkflowDispatch/StartWorkflow", (request) => startWorkflowExecution(context, batches, request)],
    ["flovyn.v1.WorkflowDispatch/StartChildWorkflow", (request) => startChildWorkflow(context, request)],
    ["flovyn.v1.WorkflowDispatch/SignalWorkflow", (request) => signalWorkflowExecution(batches, request)],
    ["flovyn.v1.WorkflowDispatch/SignalWithStartWorkflow", (request) => signalWithStart(context, batches, request)],
    ["flovyn.v1.WorkflowQuery/QueryWorkflow", (request) => queryWorkflow(context, batches, request)],
    ["flovyn.v1.WorkflowDispatch/GetEvents", (request) => getEvents(batches, longReads, request)],
    ["flovyn.v1.WorkflowDispatch/SubmitWorkflowCommands", (request) => submitWorkflowCommands(batches, request)],
    ["flovyn.v1.WorkflowDispatch/ReportExecutionSpans", createReportExecutionSpans(context)],
    ["flovyn.v1.WorkerLifecycle/RegisterWorker", (request) => registerWorker(context, request)],
    ["flovyn.v1.WorkerLifecycle/SendHeartbeat", (request) => sendHeartbeat(context, request)],
    ["flovyn.ext.v1.WorkflowClient/AwaitResult", (request) => readResult(batches, request)],
    ["flovyn.ext.v1.WorkflowClient/CancelWorkflow", (request) => cancelWorkflow(context, batches, request)],
    ["flovyn.ext.v1.WorkflowWorker/ReportActivationFailure", (request) => reportActivationFailure(batches, request)],
    ["internal/ClaimWorkflows", (request) => claimWorkflowsForPollers(batches, request)],
    ["internal/ReleaseWorkflows", (request) => releaseWorkflows(context, request)],
    ["internal/WorkersSeen", (request) => workersSeen(context, request)],
    ["internal/WorkerKinds", (request) => workerKinds(context, request)],
    ["internal/ResolveOrg", (request) => resolveOrg(context, request)],
    ["internal/CreateOrg", (request) => createOrg(context, request)],
    ["internal/ListOrgs", (request) => listOrgs(context, request)],
    ["internal/CreateWorkerToken", (request) => createWorkerToken(context, request)],
    ["internal/ListWorkerTokens", (request) => listWorkerTokenViews(context, request)],
    ["internal/RevokeWorkerToken", (request) => revokeToken(context, request)],
    ["internal/FindWorkerTokens", (request) => findTokens(context, request)],
    ["internal/CheckWorkerTokens", (request) => checkTokens(context, request)],
    ["internal/RecordAudit", (request) => recordAudit(context, request)],
    ["internal/ListAudit", (request) => listAudit(context, request)],
    ["internal/GetWorkflow", (request) => getWorkflow(context, request)],
    ["internal/ListWorkflows", (request) => listWorkflowViews(context, request)],
    ["internal/GetWorkflowState", (request) => getWorkflowState(context, batches, request)],
    ["internal/ListEvents", (request) => listEventViews(longReads, request)],
  ]);
}
