import { announce } from "@flovyn/bus";
import { findSignalIds, lockNamedWorkflows, rememberSignalIds, type SignalIdRow, WorkflowChanges } from "@flovyn/db";
import {
  type Actor,
  DomainError,
  type HistoryLimits,
  type Signal,
  signalWorkflow,
  type Workflow,
} from "@flovyn/domain";
import { type Batcher, createBatcher, type Outcome, reportWorkflows } from "@flovyn/runtime";
import type { DispatchContext } from "../context.js";
import { noSuchWorkflow } from "../ended-workflows.js";
import { batchBytesMax } from "./start.js";

export interface SignalOf {
  orgId: string;
  workflowId: string;
  partition: number | undefined;
  signal: Signal;
  actor: Actor;
}

export interface Signalled {
  /** Sequence of its SIGNAL_RECEIVED event. */
  sequence: number;
  /** The id was received before: nothing was appended. */
  duplicate: boolean;
  /** A waiting workflow became claimable. */
  woke: boolean;
}

/** Appends signals in batches; those for one workflow in the order in which they came. */
export function createSignalBatcher(context: DispatchContext): Batcher<SignalOf, Signalled> {
  return createBatcher<SignalOf, Signalled>({
    name: "workflow.signal",
    weightOf: ({ signal }) => signal.value.byteLength,
    weightMax: batchBytesMax,
    lane: context.lane,
    metrics: context.metrics,
    run: (items) => signalAll(context, items),
  });
}

async function signalAll(context: DispatchContext, items: readonly SignalOf[]): Promise<Outcome<Signalled>[]> {
  const now = context.clock.now();
  const { outcomes, changes } = await context.db.transaction(async (tx) => {
    const [locked, known] = await Promise.all([
      lockNamedWorkflows(
        tx,
        items.map(({ orgId, workflowId }) => ({ orgId, id: workflowId })),
      ),
      findSignalIds(tx, identified(items)),
    ]);
    const changes = new WorkflowChanges(locked);
    const received: SignalIdRow[] = [];
    const limits = context.config.limits.history;
    const outcomes = items.map((item): Outcome<Signalled> => {
      try {
        const workflow = changes.get(item.workflowId);
        if (workflow?.orgId !== item.orgId) throw noSuchWorkflow();
        if (item.partition !== undefined && item.partition !== workflow.partitionKey) throw noSuchWorkflow();
        return { ok: true, value: signalOnce(changes, workflow, item, { known, received, limits }) };
      } catch (error) {
        if (error instanceof DomainError) return { ok: false, error };
        throw error;
      }
    });
    rememberSignalIds(tx, now, received);
    changes.write(tx, now);
    return { outcomes, changes };
  });
  announce(context.bus, changes, now);
  reportWorkflows(context, changes);
  return outcomes;
}

/** The signals that carry an id of their own. */
export function identified(
  items: readonly { workflowId: string; signal: Signal }[],
): { workflowId: string; signalId: string }[] {
  return items.flatMap(({ workflowId, signal: { signalId } }) => (signalId === null ? [] : [{ workflowId, signalId }]));
}

/** Appends one signal to a locked workflow unless its id is `known`; its id is added there and to `received`. */
export function signalOnce(
  changes: WorkflowChanges,
  workflow: Workflow,
  { signal, actor }: { signal: Signal; actor: Actor },
  ids: { known: Map<string, number>; received: SignalIdRow[]; limits: HistoryLimits },
): Signalled {
  const { signalId } = signal;
  const name = `${workflow.id}/${signalId}`;
  const earlier = signalId === null ? undefined : ids.known.get(name);
  if (earlier !== undefined) return { sequence: earlier, duplicate: true, woke: false };
  const change = signalWorkflow(workflow, signal, actor, ids.limits);
  changes.add(change);
  const { sequence } = change.next;
  if (signalId !== null) {
    ids.known.set(name, sequence);
    ids.received.push({ workflowId: workflow.id, run: workflow.run, signalId, sequence });
  }
  return { sequence, duplicate: false, woke: change.transitions.length > 0 };
}
