import { newId } from "@flovyn/domain";
import { sql } from "drizzle-orm";
import type { Executor } from "../database.js";
import { statement } from "../statement.js";

export interface SeenWorker {
  orgId: string;
  /** Whose worker it is; empty when that is not known. */
  principal: string;
  /** As the worker names itself in polls. */
  workerKey: string;
  /** Its session broke. */
  lost: boolean;
  /** It owns a session stream. */
  session: boolean;
}

const seenMany = statement<never>()(
  "presence.seenMany",
  {
    params: ["now"],
    sets: {
      seen: { id: "uuid", orgId: "uuid", principal: "text", workerKey: "text", lost: "bool", session: "bool" },
    },
  },
  ({ time, rows }) => sql`
    insert into worker_presence as presence (id, org_id, principal, worker_key, last_seen_at, lost_at, session)
    select id, "orgId", principal, "workerKey", ${time("now")}, case when lost then ${time("now")} end, session
    from ${rows("seen")}
    order by "orgId", "workerKey", principal
    on conflict (org_id, worker_key, principal) do update set last_seen_at = excluded.last_seen_at,
      lost_at = excluded.lost_at, session = presence.session or excluded.session`,
);

/** Writes down signs of life and lost sessions. Each worker may occur once. */
export async function markWorkersSeen(
  tx: Executor,
  params: { now: number; seen: readonly SeenWorker[] },
): Promise<void> {
  await seenMany.run(tx, {
    now: params.now,
    seen: params.seen.map((worker) => ({ id: newId(), ...worker })),
  });
}

const loseSilent = statement<{ id: string }>()(
  "presence.loseSilentSessions",
  { params: ["silentBefore", "limit"] },
  ({ param, time }) => sql`
    update worker_presence set lost_at = last_seen_at where id in (
      select id from worker_presence
      where session and lost_at is null and last_seen_at <= ${time("silentBefore")}
      order by last_seen_at limit ${param("limit")}::int for update skip locked)
    returning id`,
);

/** Marks workers as lost whose session stream nobody reported since then: their gateway died with them, or before. */
export async function loseSilentSessions(
  tx: Executor,
  params: { silentBefore: number; limit: number },
): Promise<number> {
  return (await loseSilent.run(tx, params)).length;
}

const forget = statement<{ id: string }>()(
  "presence.forget",
  { params: ["before", "limit"] },
  ({ param, time }) => sql`
    delete from worker_presence where id in (
      select id from worker_presence where last_seen_at <= ${time("before")}
      order by last_seen_at limit ${param("limit")}::int for update skip locked)
    returning id`,
);

/** Forgets workers that were not seen since long; returns how many. */
export async function forgetWorkers(tx: Executor, params: { before: number; limit: number }): Promise<number> {
  return (await forget.run(tx, params)).length;
}

const now = statement<{ now: Date }>()("database.now", { params: [] }, () => sql`select clock_timestamp() as now`);

/** The clock of the database, epoch milliseconds. */
export async function databaseNow(tx: Executor): Promise<number> {
  const [row] = await now.run(tx, {});
  return row?.now.getTime() ?? Date.now();
}
