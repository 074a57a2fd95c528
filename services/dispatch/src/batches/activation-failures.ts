import { announce } from "@flovyn/bus";
import { type ActivationFailureRow, lockNamedWorkflows, noteActivationFailures, WorkflowChanges } from "@flovyn/db";
import { type ActivationFailureReport, DomainError, failActivation, type Workflow } from "@flovyn/domain";
import { type Batcher, createBatcher, type Outcome } from "@flovyn/runtime";
import type { DispatchContext } from "../context.js";
import { noSuchWorkflow } from "../ended-workflows.js";
import { batchBytesMax } from "./start.js";

export interface ActivationFailureOf {
  orgId: string;
  workflowId: string;
  partition: number | undefined;
  report: ActivationFailureReport;
}

export interface ActivationFailureNoted {
  /** In a row, this one included. */
  failures: number;
  /** 0 for a late report. */
  nextTryAtMs: number;
}

/** Gives workflows back that their workers cannot run, in batches: a broken deploy fails at all of its workflows together. */
export function createActivationFailureBatcher(
  context: DispatchContext,
): Batcher<ActivationFailureOf, ActivationFailureNoted> {
  return createBatcher<ActivationFailureOf, ActivationFailureNoted>({
    name: "workflow.activationFailure",
    weightOf: ({ report }) => report.message.length,
    weightMax: batchBytesMax,
    lane: context.lane,
    metrics: context.metrics,
    run: (items) => failAll(context, items),
  });
}

async function failAll(
  context: DispatchContext,
  items: readonly ActivationFailureOf[],
): Promise<Outcome<ActivationFailureNoted>[]> {
  const now = context.clock.now();
  const { outcomes, changes, noted } = await context.db.transaction(async (tx) => {
    const locked = await lockNamedWorkflows(
      tx,
      items.map(({ orgId, workflowId }) => ({ orgId, id: workflowId })),
    );
    const changes = new WorkflowChanges(locked);
    const noted: { workflow: Workflow; row: ActivationFailureRow }[] = [];
    const outcomes = items.map((item): Outcome<ActivationFailureNoted> => {
      try {
        const workflow = changes.get(item.workflowId);
        if (workflow?.orgId !== item.orgId) throw noSuchWorkflow();
        if (item.partition !== undefined && item.partition !== workflow.partitionKey) throw noSuchWorkflow();
        const { applied, availableAtMs, ...change } = failActivation(workflow, item.report, now);
        if (applied) {
          changes.add(change);
          const { reason, message, eventSequence } = item.report;
          const row = { workflowId: workflow.id, reason, message, eventSequence, availableAtMs };
          noted.push({ workflow: change.next, row });
        }
        return { ok: true, value: { failures: change.next.activationFailures, nextTryAtMs: availableAtMs } };
      } catch (error) {
        if (error instanceof DomainError) return { ok: false, error };
        throw error;
      }
    });
    changes.write(tx, now);
    if (noted.length > 0) tx.defer(noteActivationFailures(tx, { now, failures: noted.map(({ row }) => row) }));
    return { outcomes, changes, noted };
  });
  announce(context.bus, changes, now);
  for (const { workflow, row } of noted) report(context, workflow, row);
  return outcomes;
}

function report({ log, metrics }: DispatchContext, workflow: Workflow, row: ActivationFailureRow): void {
  const { orgId, id: workflowId, kind, activationFailures: failures } = workflow;
  metrics.activationFailed(workflow, row.reason);
  log.warn(
    {
      orgId,
      workflowId,
      kind,
      failures,
      reason: row.reason,
      eventSequence: row.eventSequence,
      nextTryAtMs: row.availableAtMs,
    },
    "a worker cannot run a workflow, which is tried again later",
  );
}
