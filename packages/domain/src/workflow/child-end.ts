import { eventData, rawJson } from "../event-data.js";
import type { ExternalEvent } from "./append-external.js";
import { childNames } from "./child-names.js";
import type { Workflow, WorkflowStatus } from "./state.js";

/** How a child ended, as its row tells it. */
export interface ChildEnd {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly status: Extract<WorkflowStatus, "COMPLETED" | "FAILED" | "CANCELLED">;
  readonly output: Uint8Array | null;
  readonly error: string | null;
  readonly cancellationReason: string | null;
}

/** What the parent learns. A cancelled child is a failed one to it: replay ends on nothing else. */
export function childEndEvent(child: ChildEnd): ExternalEvent {
  const names = childNames({ childId: child.id, name: child.name, kind: child.kind });
  if (child.status === "COMPLETED") {
    const data = eventData([...names, ["output", rawJson(child.output ?? new Uint8Array(0))]]);
    return { type: "CHILD_WORKFLOW_COMPLETED", data, wakes: true };
  }
  const error = child.status === "FAILED" ? (child.error ?? "") : cancelledText(child.cancellationReason ?? "");
  return { type: "CHILD_WORKFLOW_FAILED", data: eventData([...names, ["error", error]]), wakes: true };
}

function cancelledText(reason: string): string {
  return reason === "" ? "Child workflow cancelled" : `Child workflow cancelled: ${reason}`;
}

/** The child after its parent was told. */
export function parentTold(child: Workflow): Workflow {
  return child.owesParent ? { ...child, owesParent: false } : child;
}

/** The cancelled workflow after its children were cancelled, too. */
export function membersCancelled(workflow: Workflow): Workflow {
  return workflow.owesMembers ? { ...workflow, owesMembers: false } : workflow;
}
