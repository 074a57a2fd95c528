import { type Database, findTaskWorkflow, findWorkflowTraces } from "@flovyn/db";
import { parseTraceparent } from "@flovyn/runtime";
import type { ParsedSpan } from "./parse-span.js";

/** Traces that are remembered: some 200 bytes each. */
const tracesMax = 10_000;

/** To which trace the work of an execution belongs. */
export interface ExecutionTraces {
  /** Reads what is not known yet, so that `traceOf` can tell. Errors: Unavailable. */
  read(orgId: string, spans: readonly ParsedSpan[]): Promise<void>;
  /** 32 hex digits; undefined when the execution is unknown or of another org. */
  traceOf(orgId: string, span: ParsedSpan): string | undefined;
}

/**
 * Remembers the traces of executions, which never change. A workflow has the trace it was started in, and its tasks and
 * children share it; a standalone task has one that follows from its id.
 */
export function createExecutionTraces(db: Database): ExecutionTraces {
  const known = new Map<string, string>();
  const remember = (orgId: string, id: string, traceId: string): void => {
    if (known.size >= tracesMax) known.delete(known.keys().next().value as string);
    known.set(keyOf(orgId, id), traceId);
  };
  const unknownOf = (orgId: string, ids: readonly (string | undefined)[]): string[] =>
    [...new Set(ids.filter((id) => id !== undefined && !known.has(keyOf(orgId, id))))] as string[];

  return {
    async read(orgId, spans) {
      const workflowIds = unknownOf(
        orgId,
        spans.map((span) => span.workflowId),
      );
      if (workflowIds.length > 0) {
        for (const [id, traceparent] of await findWorkflowTraces(db, { orgId, ids: workflowIds })) {
          remember(orgId, id, traceIdIn(traceparent) ?? traceIdFrom(id));
        }
      }
      const standalone = spans.filter((span) => span.workflowId === undefined);
      for (const id of unknownOf(
        orgId,
        standalone.map((span) => span.taskId),
      )) {
        if ((await findTaskWorkflow(db, { orgId, id })) !== undefined) remember(orgId, id, traceIdFrom(id));
      }
    },
    traceOf: (orgId, { workflowId, taskId }) => known.get(keyOf(orgId, workflowId ?? taskId ?? "")),
  };
}

function keyOf(orgId: string, id: string): string {
  return `${orgId}/${id}`;
}

function traceIdIn(traceparent: string): string | undefined {
  return parseTraceparent(traceparent).split("-")[1];
}

function traceIdFrom(id: string): string {
  return id.replaceAll("-", "");
}
