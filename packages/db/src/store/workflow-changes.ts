import {
  crossedThreshold,
  type HistoryLimits,
  type HistoryThreshold,
  isWorkflowTerminal,
  type LifecycleMove,
  lifecycleOf,
  type Workflow,
  type WorkflowChange,
} from "@flovyn/domain";
import type { Transaction } from "../database.js";
import { type EventRow, toEventRows } from "./event-rows.js";
import { deleteKeysOfWorkflows } from "./keys.js";
import { closePromisesOf } from "./promises.js";
import { closeTimersOf } from "./timers.js";
import { keepLastMostRecent, type TransitionRow, toTransitionRows } from "./transition-rows.js";
import { type SavedWorkflowRow, saveLockedWorkflows } from "./workflows.js";

/** A queue on which work may be claimable after the commit. */
export interface Wake {
  kind: "workflow" | "task";
  orgId: string;
  queue: string;
}

/** A workflow whose history has become long, or too long. */
export interface LongHistory {
  workflow: Workflow;
  threshold: HistoryThreshold;
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
  readonly #growths: { before: Workflow; change: WorkflowChange }[] = [];
  readonly #changes: { change: WorkflowChange; suspendType: string | undefined }[] = [];

  constructor(locked: Map<string, Workflow>) {
    this.#current = new Map(locked);
  }

  /** The workflow as the decisions so far left it; undefined when no such row was locked. */
  get(id: string): Workflow | undefined {
    return this.#current.get(id);
  }

  /** Takes in a workflow that this transaction inserts: it may be decided about as if it were locked. */
  adopt(workflow: Workflow): void {
    this.#current.set(workflow.id, workflow);
  }

  /** `suspendType` says, in the words of the worker, why the workflow suspends. */
  add(change: WorkflowChange, suspendType?: string): void {
    const { next, events, transitions } = change;
    const before = this.#current.get(next.id);
    if (next === before) return;
    this.#current.set(next.id, next);
    this.#touched.add(next.id);
    if (transitions.length > 0) this.#changes.push({ change, suspendType });
    // One by one: there may be more events than a call takes arguments.
    for (const row of toEventRows(next, events)) this.#events.push(row);
    if (before !== undefined && events.length > 0) this.#growths.push({ before, change });
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
    this.#close(tx, now);
  }

  /** Keys, timers and promises that an end leaves without a use. */
  #close(tx: Transaction, now: number): void {
    const isReleased = (workflow: Workflow) => workflow.status !== "COMPLETED";
    const keyed = this.#ended.filter((workflow) => workflow.hasIdempotencyKey && isReleased(workflow));
    if (keyed.length > 0) tx.defer(deleteKeysOfWorkflows(tx, keyed.map(toId)));
    const waiting = this.#ended.filter((workflow) => workflow.hasWaits);
    if (waiting.length === 0) return;
    const workflowIds = waiting.map(toId);
    closeTimersOf(tx, { now, workflowIds });
    closePromisesOf(tx, { now, workflowIds, releasedIds: waiting.filter(isReleased).map(toId) });
  }

  /**
   * Queues to hint after the commit: every locked workflow that is PENDING now, also one that was so before and was not
   * changed: a claim that came meanwhile has passed the locked row over.
   */
  wakes(): Wake[] {
    return [...this.#current.values()].flatMap(({ status, orgId, queue }) =>
      status === "PENDING" ? [{ kind: "workflow" as const, orgId, queue }] : [],
    );
  }

  /** What live streams are told. */
  moves(now: number): LifecycleMove[] {
    return this.#changes.flatMap(({ change, suspendType }) => lifecycleOf(change, now, suspendType));
  }

  /** Workflows whose histories have crossed a threshold by these changes. */
  longHistories(limits: HistoryLimits): LongHistory[] {
    return this.#growths.flatMap(({ before, change }) => {
      const threshold = crossedThreshold(before, change, limits);
      return threshold === undefined ? [] : [{ workflow: change.next, threshold }];
    });
  }

  /** Workflows that these changes made terminal. */
  ended(): readonly Workflow[] {
    return this.#ended;
  }
}

const toId = (workflow: Workflow) => workflow.id;

function toSavedRow(workflow: Workflow): SavedWorkflowRow {
  return {
    id: workflow.id,
    status: workflow.status,
    sequence: workflow.sequence,
    historyBytes: workflow.historyBytes,
    externalSequence: workflow.externalSequence,
    wakePending: workflow.wakePending,
    claimEpoch: workflow.claimEpoch,
    workerId: workflow.workerId,
    transitionCount: workflow.transitionCount,
    signalCount: workflow.signalCount,
    activationFailures: workflow.activationFailures,
    hasWaits: workflow.hasWaits,
    owesParent: workflow.owesParent,
    owesMembers: workflow.owesMembers,
    output: workflow.output,
    error: workflow.error,
    cancellationReason: workflow.cancellation?.reason ?? null,
    cancelledBy: workflow.cancellation?.by ?? null,
    terminal: isWorkflowTerminal(workflow.status),
  };
}
