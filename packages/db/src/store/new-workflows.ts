import type { WorkflowChange } from "@flovyn/domain";
import { sql } from "drizzle-orm";
import type { Executor } from "../database.js";
import { statement } from "../statement.js";
import { creationTime } from "./creation-time.js";
import { eventRows, toEventRows } from "./event-rows.js";
import { insertTransitions, toTransitionRows, transitionRows } from "./transition-rows.js";

/** A new execution: what the machine decided, and what it carries beyond that. */
export interface NewWorkflow {
  /** Its start. */
  change: WorkflowChange;
  input: Uint8Array;
  /** JSON object text. */
  metadata: string;
  priorityMs: number;
  version: string | null;
  createdBy: string;
  /** It is not claimed before this time; at once without. */
  delayUntilMs?: number;
}

const insertMany = statement<never>()(
  "workflows.insertMany",
  {
    params: ["now"],
    sets: {
      workflow: {
        id: "uuid",
        orgId: "uuid",
        kind: "text",
        queue: "text",
        historyBytes: "bigint",
        partitionKey: "int",
        rootId: "uuid",
        parentId: "uuid",
        childName: "text",
        initiatedSequence: "int",
        version: "text",
        input: "bytea",
        metadata: "jsonb",
        priorityMs: "bigint",
        createdBy: "text",
        traceparent: "text",
        hasIdempotencyKey: "bool",
        delayUntil: "timestamptz",
      },
      event: eventRows,
      transition: transitionRows,
    },
  },
  ({ time, rows }) => sql`
    with started as (
      insert into workflow_execution (id, org_id, kind, queue, status, partition_key, root_execution_id,
        parent_workflow_execution_id, child_execution_name, initiated_sequence, workflow_version, input, metadata,
        priority_ms, created_by, traceparent, has_idempotency_key, current_sequence, history_bytes, transition_count,
        available_at, dispatch_at, created_at, updated_at)
      select id, "orgId", kind, queue, 'PENDING', "partitionKey", "rootId", "parentId", "childName",
        "initiatedSequence", version, input, metadata, "priorityMs", "createdBy", traceparent, "hasIdempotencyKey", 1,
        "historyBytes", 1, coalesce("delayUntil", ${time("now")}),
        greatest(${creationTime(time("now"))}, "delayUntil") - "priorityMs" * interval '1 millisecond', ${creationTime(time("now"))}, ${time("now")}
      from ${rows("workflow")}
    ), appended as (
      insert into workflow_event (id, org_id, workflow_execution_id, run, sequence_number, event_type, event_data,
        created_at)
      select id, "orgId", "workflowId", run, sequence, type, data, ${time("now")} from ${rows("event")}
    )
    ${insertTransitions("workflow", rows("transition"), time("now"), undefined)}`,
);

/** Inserts new executions with their first events and transitions; they are claimed in this order. Fails as a whole on a taken id. */
export async function insertWorkflows(tx: Executor, now: number, started: readonly NewWorkflow[]): Promise<void> {
  await insertMany.run(tx, {
    now,
    workflow: started.map(({ change: { next }, ...facts }) => ({
      id: next.id,
      orgId: next.orgId,
      kind: next.kind,
      queue: next.queue,
      historyBytes: next.historyBytes,
      partitionKey: next.partitionKey,
      rootId: next.rootExecutionId,
      parentId: next.parentId,
      childName: next.childName,
      initiatedSequence: next.initiatedSequence,
      version: facts.version,
      input: facts.input,
      metadata: facts.metadata,
      priorityMs: facts.priorityMs,
      createdBy: facts.createdBy,
      traceparent: next.traceparent,
      hasIdempotencyKey: next.hasIdempotencyKey,
      delayUntil: facts.delayUntilMs ?? null,
    })),
    event: started.flatMap(({ change }) => toEventRows(change.next, change.events)),
    transition: started.flatMap(({ change }) => toTransitionRows(change.next, change.transitions)),
  });
}
