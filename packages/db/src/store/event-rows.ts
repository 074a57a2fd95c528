import { type HistoryEvent, newId, type Workflow } from "@flovyn/domain";

/** The row set in which events travel. */
export const eventRows = {
  id: "uuid",
  orgId: "uuid",
  workflowId: "uuid",
  run: "int",
  sequence: "int",
  type: "text",
  data: "bytea",
} as const;

export interface EventRow {
  id: string;
  orgId: string;
  workflowId: string;
  run: number;
  sequence: number;
  type: string;
  data: Uint8Array;
}

/** The rows of events that were appended to a workflow. */
export function toEventRows(workflow: Workflow, events: readonly HistoryEvent[]): EventRow[] {
  return events.map(({ sequence, type, data }) => ({
    id: newId(),
    orgId: workflow.orgId,
    workflowId: workflow.id,
    run: workflow.run,
    sequence,
    type,
    data,
  }));
}
