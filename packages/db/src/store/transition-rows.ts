import { type Actor, newId, type Transition } from "@flovyn/domain";
import { type SQL, sql } from "drizzle-orm";

/** The row set in which transitions travel; `entityId` is the workflow or the task. */
export const transitionRows = {
  id: "uuid",
  orgId: "uuid",
  entityId: "uuid",
  fromState: "text",
  toState: "text",
  actorType: "text",
  actorId: "text",
  reason: "text",
  attempt: "int",
  claimEpoch: "int",
  sortKey: "int",
  mostRecent: "bool",
} as const;

export interface TransitionRow {
  id: string;
  orgId: string;
  entityId: string;
  fromState: string | null;
  toState: string;
  actorType: Actor["type"];
  actorId: string;
  reason: string | null;
  attempt: number;
  claimEpoch: number;
  sortKey: number;
  mostRecent: boolean;
}

/** The rows of one decision, in order; only the last one is the most recent. */
export function toTransitionRows(
  entity: { id: string; orgId: string },
  transitions: readonly Transition<string>[],
): TransitionRow[] {
  return transitions.map((transition, index) => ({
    id: newId(),
    orgId: entity.orgId,
    entityId: entity.id,
    fromState: transition.from,
    toState: transition.to,
    actorType: transition.actor.type,
    actorId: transition.actor.id,
    reason: transition.reason,
    attempt: transition.attempt,
    claimEpoch: transition.claimEpoch,
    sortKey: transition.sortKey,
    mostRecent: index === transitions.length - 1,
  }));
}

/** Several decisions about one execution in one batch: only the last of them holds the most recent transition. */
export function keepLastMostRecent(rows: readonly TransitionRow[]): TransitionRow[] {
  const last = new Map(rows.map((row) => [row.entityId, row.sortKey]));
  return rows.map((row) => ({ ...row, mostRecent: last.get(row.entityId) === row.sortKey }));
}

type Owner = "workflow" | "task";

/** CTE that takes most_recent from the transitions before those of the set. */
export function closeTransitions(owner: Owner, rows: SQL): SQL {
  const table = sql.raw(`${owner}_transition`);
  const key = sql.raw(`${owner}_execution_id`);
  return sql`update ${table} set most_recent = false
    from (select distinct "entityId" from ${rows}) as moved
    where ${table}.${key} = moved."entityId" and ${table}.most_recent
    returning ${table}.${key} as entity_id`;
}

/**
 * Inserts the transitions of the set. The join with `closed` is what orders the two: a row is inserted only after the
 * row before it gave up most_recent, or the partial unique index would refuse it.
 */
export function insertTransitions(owner: Owner, rows: SQL, now: SQL, closed: SQL | undefined): SQL {
  return sql`insert into ${sql.raw(`${owner}_transition`)}
      (id, org_id, ${sql.raw(`${owner}_execution_id`)}, from_state, to_state, actor_type, actor_id, reason, attempt,
       claim_epoch, sort_key, most_recent, created_at)
    select transition.id, "orgId", "entityId", "fromState", "toState", "actorType", "actorId", reason, attempt,
       "claimEpoch", "sortKey", "mostRecent", ${now}
    from ${rows} ${closed === undefined ? sql`` : sql`left join ${closed} on closed.entity_id = "entityId"`}
    order by "ordinal"`;
}
