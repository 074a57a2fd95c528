import { newId } from "@flovyn/domain";
import { sql } from "drizzle-orm";
import type { Executor, Transaction } from "../database.js";
import { statement } from "../statement.js";

const findMany = statement<{ workflow_execution_id: string; signal_id: string; sequence_number: number }>()(
  "signals.findMany",
  { params: [], sets: { wanted: { workflowId: "uuid", signalId: "text" } } },
  ({ rows }) => sql`
    select workflow_execution_id, signal_id, sequence_number from ${rows("wanted")}
    join workflow_execution execution on execution.id = "workflowId"
    join workflow_signal on workflow_execution_id = execution.id and workflow_signal.run = execution.run
      and signal_id = "signalId"`,
);

/** Sequences of the signals that locked workflows received under these ids, by `workflow/id`. */
export async function findSignalIds(
  tx: Executor,
  wanted: readonly { workflowId: string; signalId: string }[],
): Promise<Map<string, number>> {
  if (wanted.length === 0) return new Map();
  const rows = await findMany.run(tx, { wanted });
  return new Map(rows.map((row) => [`${row.workflow_execution_id}/${row.signal_id}`, row.sequence_number]));
}

export interface SignalIdRow {
  workflowId: string;
  run: number;
  signalId: string;
  sequence: number;
}

const insertMany = statement<never>()(
  "signals.insertMany",
  {
    params: ["now"],
    sets: { signal: { id: "uuid", workflowId: "uuid", run: "int", signalId: "text", sequence: "int" } },
  },
  ({ time, rows }) => sql`
    insert into workflow_signal (id, workflow_execution_id, run, signal_id, sequence_number, created_at)
    select id, "workflowId", run, "signalId", sequence, ${time("now")} from ${rows("signal")}`,
);

/** Remembers the ids of signals of locked workflows. */
export function rememberSignalIds(tx: Transaction, now: number, signals: readonly SignalIdRow[]): void {
  if (signals.length === 0) return;
  tx.defer(insertMany.run(tx, { now, signal: signals.map((signal) => ({ id: newId(), ...signal })) }));
}
