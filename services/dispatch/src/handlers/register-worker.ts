import { decodeMessage, type IncomingRequest, principalOf } from "@flovyn/bus";
import { markWorkersSeen, type RegisteredDefinition, upsertRegisteredWorker, writeCapabilities } from "@flovyn/db";
import {
  checkLength,
  checkName,
  checkOrg,
  checkPayload,
  cutText,
  invalidField,
  nameLengthMax,
  parseKind,
  parseName,
  parseUuid,
} from "@flovyn/domain";
import {
  type TaskCapability,
  WorkerRegistrationRequest,
  WorkerRegistrationResponse,
  type WorkflowCapability,
} from "@flovyn/proto/v1";
import type { DispatchContext } from "../context.js";

const workerTypes = ["WORKFLOW", "TASK", "UNIFIED"] as const;
const capabilitiesMax = 1_000;
const descriptionMax = 10_000;
/** Workers of one queue often go by one name: a process that showed itself within this time still counts. */
const otherProcessSeenMs = 60_000;

/**
 * Registers a worker and what it can run, in one transaction. The same name registered again by the same principal keeps its
 * id; only the capabilities of the declared type are replaced. While another process goes by that name, its capabilities are kept:
 * work is handed out by them, and the one must not take away what the other runs.
 * Errors: InvalidInput, PayloadTooLarge, Forbidden, NotFound. Source: RegisterWorker.
 */
export async function registerWorker(context: DispatchContext, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(WorkerRegistrationRequest, request.payload);
  const { orgId } = request.caller;
  const principal = principalOf(request.caller);
  checkOrg(message.orgId, orgId);
  const name = parseName(message.workerName, "worker_name");
  const type = workerTypes.find((known) => known === message.workerType);
  if (type === undefined) throw invalidField("worker_type", `must be one of ${workerTypes.join(", ")}`);
  const teamId = message.teamId ? parseUuid(message.teamId, "team_id") : null;
  const workflows = parseCapabilities(message.workflows, "workflows");
  const tasks = parseCapabilities(message.tasks, "tasks");
  message.agents.forEach(({ inputSchema, metadata }, index) => {
    checkPayload(inputSchema, `agents[${index}].input_schema`);
    checkPayload(metadata, `agents[${index}].metadata`);
  });
  const now = context.clock.now();
  const workerId = await context.db.transaction(async (tx) => {
    const { id: workerId, shared } = await upsertRegisteredWorker(
      tx,
      {
        orgId,
        principal,
        teamId,
        name,
        version: checkLength(message.workerVersion, "worker_version", 50),
        type,
        hostName: checkLength(message.hostName, "host_name", 255),
        processId: checkLength(message.processId, "process_id", 50),
        metadata: checkPayload(message.metadata, "metadata"),
      },
      { now, seenAfter: now - otherProcessSeenMs },
    );
    const owner = { workerId, orgId, teamId, now, keepOthers: shared };
    if (type !== "TASK") await writeCapabilities(tx, "workflow", { ...owner, definitions: workflows });
    if (type !== "WORKFLOW") await writeCapabilities(tx, "task", { ...owner, definitions: tasks });
    await markWorkersSeen(tx, {
      now,
      seen: [...new Set([name, workerId])].map((workerKey) => {
        return { orgId, principal, workerKey, lost: false, session: false };
      }),
    });
    return workerId;
  });
  context.log.debug(
    { orgId, workerId, workerName: name, workflows: workflows.length, tasks: tasks.length },
    "worker registered",
  );
  return WorkerRegistrationResponse.encode({
    workerId,
    success: true,
    workflowConflicts: [],
    taskConflicts: [],
  }).finish();
}

/** Of a kind that is listed twice, the last entry counts. */
function parseCapabilities(
  given: readonly (WorkflowCapability | TaskCapability)[],
  field: string,
): RegisteredDefinition[] {
  if (given.length > capabilitiesMax) throw invalidField(field, `must have at most ${capabilitiesMax} entries`);
  const byKind = new Map<string, RegisteredDefinition>();
  given.forEach((capability, index) => {
    const at = (name: string) => `${field}[${index}].${name}`;
    byKind.set(parseKind(capability.kind, at("kind")), {
      kind: capability.kind,
      name: checkName(capability.name, at("name")),
      description: cutText(capability.description, descriptionMax),
      timeoutSeconds: capability.timeoutSeconds ?? null,
      cancellable: capability.cancellable,
      tags: JSON.stringify(capability.tags.map((tag) => checkLength(tag, at("tags"), nameLengthMax))),
      retryPolicy: checkPayload(capability.retryPolicy, at("retry_policy")),
      metadata: checkPayload(capability.metadata, at("metadata")),
      inputSchema: checkPayload(capability.inputSchema, at("input_schema")),
      outputSchema: checkPayload(capability.outputSchema, at("output_schema")),
      version: "version" in capability ? checkLength(capability.version, at("version"), 50) : "",
      contentHash: "contentHash" in capability ? checkLength(capability.contentHash, at("content_hash"), 128) : "",
    });
  });
  return [...byKind.values()];
}
