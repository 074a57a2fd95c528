import { isWorkflowTerminal, newId, type Workflow, type WorkflowChange } from "@flovyn/domain";
import type { Transaction } from "../database.js";
import { deleteKeysOfWorkflows } from "./keys.js";
import { keepLastMostRecent, type TransitionRow, toTransitionRows } from "./transition-rows.js";
import { type EventRow, type SavedWorkflowRow, saveLockedWorkflows } from "./workflows.js";

/** A queue on which work may be claimable after the commit. */
export interface Wake {
  kind: "workflow" | "task";
  orgId: string;
  queue: string;
}

/**
 * What one transaction does to the workflows it locked: the one way to touch a workflow. Decisions are added one after
 * the other, each seeing the state the one before left; `write` stores the outcome of all of them in one statement.
 */
export class WorkflowChanges {
  readonly #current: Map<string, Workflow>;
  readonly #touched = new Set<string>();
  readonly #events: EventRow[] = [];
  readonly #transitions: TransitionRow[] = [];
  readonly #ended: Workflow[] = [];

  constructor(locked: Map<string, Workflow>) {
    this.#current = new Map(locked);
  }

  /** The workflow as the decisions so far left it; undefined when no such row was locked. */
  get(id: string): Workflow | undefined {
    return this.#current.get(id);
  }

  add(change: WorkflowChange): void {
    const { next, events, transitions } = change;
    if (events.length === 0 && transitions.length === 0) return;
    const before = this.#current.get(next.id);
    this.#current.set(next.id, next);
    this.#touched.add(next.id);
    for (const event of events) {
      this.#events.push({
        id: newId(),
        orgId: next.orgId,
        workflowId: next.id,
        run: next.run,
        sequence: event.sequence,
        type: event.type,
        data: event.data,
      });
    }
    this.#transitions.push(...toTransitionRows(next, transitions));
    if (isWorkflowTerminal(next.status) && !(before && isWorkflowTerminal(before.status))) this.#ended.push(next);
  }

  /** Sends the writes of all decisions; the transaction's commit waits for them. */
  write(tx: Transaction, now: number): void {
    if (this.#touched.size === 0) return;
    tx.defer(
      saveLockedWorkflows(tx, {
        now,
        workflow: [...this.#touched].map((id) => toSavedRow(this.#current.get(id) as Workflow)),
        event: this.#events,
        transition: keepLastMostRecent(this.#transitions),
      }),
    );
    const released = this.#ended.filter((workflow) => workflow.hasIdempotencyKey && workflow.status !== "COMPLETED");
    if (released.length > 0)
      tx.defer(
        deleteKeysOfWorkflows(
          tx,
          released.map((workflow) => workflow.id),
        ),
      );
  }

  /** Queues to hint after the commit: every touched workflow that is PENDING now, also one that was so before. */
  wakes(): Wake[] {
    return [...this.#touched].flatMap((id) => {
      const workflow = this.#current.get(id);
      return workflow?.status === "PENDING"
        ? [{ kind: "workflow" as const, orgId: workflow.orgId, queue: workflow.queue }]
        : [];
    });
  }

  /** Workflows that these changes made terminal. */
  ended(): readonly Workflow[] {
    return this.#ended;
  }
}

function toSavedRow(workflow: Workflow): SavedWorkflowRow {
  return {
    id: workflow.id,
    status: workflow.status,
    sequence: workflow.sequence,
    externalSequence: workflow.externalSequence,
    wakePending: workflow.wakePending,
    claimEpoch: workflow.claimEpoch,
    workerId: workflow.workerId,
    transitionCount: workflow.transitionCount,
    output: workflow.output,
    error: workflow.error,
    cancellationReason: workflow.cancellation?.reason ?? null,
    cancelledBy: workflow.cancellation?.by ?? null,
    terminal: isWorkflowTerminal(workflow.status),
  };
}
