import type { Timer, TimerStatus } from "@flovyn/domain";
import { sql } from "drizzle-orm";
import type { Executor, Transaction } from "../database.js";
import { statement } from "../statement.js";

interface TimerRow {
  id: string;
  workflow_execution_id: string;
  timer_id: string;
  status: TimerStatus;
  fire_at: Date;
}

function toTimer(row: TimerRow): Timer {
  return {
    id: row.id,
    workflowId: row.workflow_execution_id,
    timerId: row.timer_id,
    status: row.status,
    fireAtMs: row.fire_at.getTime(),
  };
}

export interface NewTimerRow {
  id: string;
  orgId: string;
  workflowId: string;
  run: number;
  timerId: string;
  durationMs: number;
  fireAt: number;
  startedSequence: number;
}

const insertMany = statement<never>()(
  "timers.insertMany",
  {
    params: ["now"],
    sets: {
      timer: {
        id: "uuid",
        orgId: "uuid",
        workflowId: "uuid",
        run: "int",
        timerId: "text",
        durationMs: "bigint",
        fireAt: "timestamptz",
        startedSequence: "int",
      },
    },
  },
  ({ time, rows }) => sql`
    insert into timer (id, org_id, workflow_execution_id, run, timer_id, duration_ms, fire_at, status,
      created_by_sequence, created_at)
    select id, "orgId", "workflowId", run, "timerId", "durationMs", "fireAt", 'ARMED', "startedSequence", ${time("now")}
    from ${rows("timer")}`,
);

/** Arms timers of locked workflows. Fails as a whole on a timer id that the run has already. */
export async function insertTimers(
  tx: Executor,
  params: { now: number; timer: readonly NewTimerRow[] },
): Promise<void> {
  await insertMany.run(tx, params);
}

const findMany = statement<TimerRow>()(
  "timers.findMany",
  { params: [], sets: { wanted: { workflowId: "uuid", timerId: "text" } } },
  ({ rows }) => sql`
    select timer.id, workflow_execution_id, timer_id, timer.status, fire_at from ${rows("wanted")}
    join workflow_execution execution on execution.id = "workflowId"
    join timer on timer.workflow_execution_id = execution.id and timer.run = execution.run
      and timer.timer_id = wanted."timerId"`,
);

/** Timers of the current runs of locked workflows, by their workers' names for them. A missing one is missing. */
export async function findTimers(
  tx: Executor,
  wanted: readonly { workflowId: string; timerId: string }[],
): Promise<Timer[]> {
  if (wanted.length === 0) return [];
  return (await findMany.run(tx, { wanted })).map(toTimer);
}

const cancelMany = statement<never>()(
  "timers.cancelMany",
  { params: ["now"], sets: { cancelled: { workflowId: "uuid", run: "int", timerId: "text" } } },
  ({ time, rows }) => sql`
    update timer set status = 'CANCELLED', ended_at = ${time("now")} from ${rows("cancelled")}
    where workflow_execution_id = "workflowId" and timer.run = cancelled.run and timer.timer_id = cancelled."timerId"
      and status = 'ARMED'`,
);

/** Disarms timers of locked workflows; those that are not armed stay as they are. */
export async function cancelTimers(
  tx: Executor,
  params: { now: number; cancelled: readonly { workflowId: string; run: number; timerId: string }[] },
): Promise<void> {
  await cancelMany.run(tx, params);
}

const closeOf = statement<never>()(
  "timers.closeOf",
  { params: ["now", "workflowIds"] },
  ({ param, time }) => sql`
    update timer set status = 'CANCELLED', ended_at = ${time("now")}
    where workflow_execution_id = any(${param("workflowIds")}::uuid[]) and status = 'ARMED'`,
);

/** Disarms what is left of workflows that ended. */
export function closeTimersOf(tx: Transaction, params: { now: number; workflowIds: readonly string[] }): void {
  tx.defer(closeOf.run(tx, params));
}

export interface DueWait {
  id: string;
  workflowId: string;
}

const findDue = statement<{ id: string; workflow_execution_id: string }>()(
  "timers.findDue",
  { params: ["now", "limit"] },
  ({ param, time }) => sql`
    select id, workflow_execution_id from timer
    where status = 'ARMED' and fire_at <= ${time("now")} order by fire_at, id limit ${param("limit")}::int`,
);

/** Armed timers that are due, the oldest first. Read without locks: whether one fires is decided under them. */
export async function findDueTimers(tx: Executor, params: { now: number; limit: number }): Promise<DueWait[]> {
  return (await findDue.run(tx, params)).map((row) => ({ id: row.id, workflowId: row.workflow_execution_id }));
}

const nextDue = statement<{ fire_at: Date }>()(
  "timers.nextDue",
  { params: [] },
  () => sql`select fire_at from timer where status = 'ARMED' order by fire_at, id limit 1`,
);

/** When the next timer fires, epoch milliseconds; undefined when none is armed. */
export async function nextTimerDue(tx: Executor): Promise<number | undefined> {
  return (await nextDue.run(tx, {}))[0]?.fire_at.getTime();
}

const lockMany = statement<TimerRow>()(
  "timers.lockMany",
  { params: ["ids"] },
  ({ param }) => sql`
    select id, workflow_execution_id, timer_id, status, fire_at from timer
    where id = any(${param("ids")}::uuid[]) order by id for no key update`,
);

/** Locks timer rows in id order; their workflows are locked before. */
export async function lockTimers(tx: Executor, ids: readonly string[]): Promise<Timer[]> {
  return (await lockMany.run(tx, { ids })).map(toTimer);
}

const fireMany = statement<never>()(
  "timers.fireMany",
  { params: ["now", "ids"] },
  ({ param, time }) => sql`
    update timer set status = 'FIRED', ended_at = ${time("now")}
    where id = any(${param("ids")}::uuid[]) and status = 'ARMED'`,
);

/** Writes down that locked timers fired. */
export function fireTimers(tx: Transaction, params: { now: number; ids: readonly string[] }): void {
  tx.defer(fireMany.run(tx, params));
}
