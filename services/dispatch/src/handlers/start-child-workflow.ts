import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { findChildrenByName, insertWorkflows, lockNamedWorkflows, type NewWorkflow, registerQueues } from "@flovyn/db";
import {
  checkOrg,
  DomainError,
  defaultQueue,
  invalidField,
  isWorkflowTerminal,
  nameLengthMax,
  parseText,
  parseUuid,
} from "@flovyn/domain";
import { StartChildWorkflowRequest, StartChildWorkflowResponse } from "@flovyn/proto/v1";
import { announceStarted } from "../batches/start.js";
import type { DispatchContext } from "../context.js";
import { noSuchWorkflow } from "../ended-workflows.js";
import { newWorkflow } from "../new-workflow.js";

/**
 * Creates an execution that belongs to a live parent, outside its history: neither start nor end is written there. The
 * same name and kind again give the same child. Errors: InvalidInput, PayloadTooLarge, Forbidden, NotFound (parent),
 * WrongState (the parent ended), AlreadyExists (the name stands for another kind). Source: StartChildWorkflow.
 */
export async function startChildWorkflow(context: DispatchContext, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(StartChildWorkflowRequest, request.payload);
  checkOrg(message.orgId, request.caller.orgId);
  const parentId = parseUuid(message.parentWorkflowExecutionId, "parent_workflow_execution_id");
  const childName = parseText(message.childExecutionName, "child_execution_name", nameLengthMax);
  const { workflowExecutionIdentifier: identifier, queue: wantedQueue } = message;
  if (identifier?.$case === "workflowDefinitionId") {
    throw invalidField("workflow_definition_id", "definitions cannot be started yet");
  }
  const now = context.clock.now();
  const { id, created, registered } = await context.db.transaction(async (tx) => {
    const [locked, named] = await Promise.all([
      lockNamedWorkflows(tx, [{ orgId: request.caller.orgId, id: parentId }]),
      findChildrenByName(tx, [{ parentId, name: childName }]),
    ]);
    const parent = locked.get(parentId);
    if (parent === undefined) throw noSuchWorkflow();
    const wanted = {
      ...{ workflowKind: identifier?.value ?? "", input: message.input, metadata: {} },
      queue: wantedQueue === "" || wantedQueue === defaultQueue ? parent.queue : wantedQueue,
      prioritySeconds: message.prioritySeconds,
    };
    const child = newWorkflow(context, request, wanted, { parent, childName });
    const existing = named.get(`${parentId}/${childName}`);
    if (existing !== undefined) {
      if (existing.kind !== child.change.next.kind) throw nameTaken(childName);
      return { id: existing.id, created: [] as NewWorkflow[], registered: undefined };
    }
    if (isWorkflowTerminal(parent.status)) {
      throw new DomainError("WrongState", `the workflow is ${parent.status}`, { reason: "NOT_ACTIVE" });
    }
    const used = [child.change.next];
    const registered = await registerQueues(tx, { now, registeredBy: "workflow", used, known: context.knownQueues });
    tx.defer(insertWorkflows(tx, now, [child]));
    return { id: child.change.next.id, created: [child], registered };
  });
  registered?.remember();
  announceStarted(context, created, now);
  return StartChildWorkflowResponse.encode({ childWorkflowExecutionId: id }).finish();
}

function nameTaken(name: string): DomainError {
  return new DomainError("AlreadyExists", `child_execution_name: another child is called ${name}`, {
    field: "child_execution_name",
  });
}
