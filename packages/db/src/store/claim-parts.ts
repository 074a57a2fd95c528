import { type SQL, sql } from "drizzle-orm";

/** One poller that asks for one item. `line` numbers the (org, queue, kinds) it waits on, `rank` its place there. */
export interface ClaimPoller {
  orgId: string;
  queue: string;
  /** Kinds the poller takes, joined by `kindSeparator`; null takes any. */
  kinds: string | null;
  rank: number;
  workerId: string;
  /** Whose worker that is; null when that is not known. */
  principal: string | null;
  leaseMs: number;
  /** Set when the poller asked for this lease itself: only heartbeats extend it. */
  ownLeaseMs: number | null;
  /** Id of the transition row that records the claim. */
  transitionId: string;
}

/** Not allowed in names, so a list of kinds travels as one text. */
export const kindSeparator = "\u001f";

export const pollerRows = {
  orgId: "uuid",
  queue: "text",
  kinds: "text",
  rank: "int",
  workerId: "text",
  principal: "text",
  leaseMs: "int",
  ownLeaseMs: "int",
  transitionId: "uuid",
} as const;

/**
 * CTEs `poller`, `line`, `due`: as many claimable rows for each line as it has pollers, locked without waiting, numbered
 * so that the first row goes to the first poller. A line (org, queue) occurs with one kinds filter only.
 */
export function dueRows(table: SQL, claimable: SQL, pollers: SQL, now: SQL): SQL {
  return sql`poller as (select * from ${pollers}),
    line as (select "orgId", queue, kinds, count(*)::int as wanted from poller group by "orgId", queue, kinds),
    due as (
      select line."orgId", line.queue, found.id,
        row_number() over (partition by line."orgId", line.queue order by found.dispatch_at, found.id)::int as rank
      from line cross join lateral (
        select id, dispatch_at from ${table}
        where org_id = line."orgId" and ${table}.queue = line.queue and ${claimable} and available_at <= ${now}
          and (line.kinds is null or kind = any(string_to_array(line.kinds, ${sql.raw(`U&'\\001f'`)})))
        order by dispatch_at, id limit line.wanted
        for no key update skip locked
      ) as found
    )`;
}

/**
 * The (org, queue) pairs that have claimable rows older than the given time, found by hopping over the claim index from
 * queue to queue: a deep backlog costs no more than a short one.
 */
export function overdueQueues(table: SQL, claimable: SQL, before: SQL, limit: SQL): SQL {
  return sql`
    with recursive line as (
      (select org_id, queue from ${table} where ${claimable} order by org_id, queue limit 1)
      union all
      select next.org_id, next.queue from line cross join lateral (
        select org_id, queue from ${table}
        where ${claimable} and (${table}.org_id, ${table}.queue) > (line.org_id, line.queue)
        order by org_id, queue limit 1
      ) as next
    )
    select line.org_id, line.queue from line cross join lateral (
      select 1 from ${table}
      where org_id = line.org_id and ${table}.queue = line.queue and ${claimable} and available_at <= ${before}
      order by dispatch_at limit 1
    ) as overdue
    limit ${limit}::int`;
}

/**
 * Whether the worker that holds `execution` gave a sign of life after the given time. Where it is not known whose the worker
 * is, the sign of any worker of its id counts: a claim from before that was written down shall not be taken back from a
 * worker that lives.
 */
export function workerSeenAfter(time: SQL): SQL {
  return sql`exists (
      select from worker_presence presence
      where presence.org_id = execution.org_id and presence.worker_key = execution.worker_id
        and presence.principal = coalesce(execution.worker_principal, presence.principal)
        and presence.last_seen_at > ${time})`;
}

export interface QueueRow {
  org_id: string;
  queue: string;
}

/** A claim that may have to be taken back: only this very claim is. */
export interface HeldClaim {
  id: string;
  claimEpoch: number;
}

export interface HeldRow {
  id: string;
  claim_epoch: number;
}

export function toHeldClaim(row: HeldRow): HeldClaim {
  return { id: row.id, claimEpoch: row.claim_epoch };
}
