import { sql } from "drizzle-orm";
import type { Executor, Transaction } from "../database.js";
import { statement } from "../statement.js";

/** What is known of a token, without its hash. */
export interface WorkerTokenRow {
  id: string;
  orgId: string;
  displayName: string;
  prefix: string;
  createdBy: string;
  createdAtMs: number;
  expiresAtMs: number | null;
  revokedAtMs: number | null;
  lastUsedAtMs: number | null;
}

interface Row {
  id: string;
  org_id: string;
  display_name: string;
  prefix: string;
  created_by: string;
  created_at: Date;
  expires_at: Date | null;
  revoked_at: Date | null;
  last_used_at: Date | null;
}

const columns = sql.raw(
  "id, org_id, display_name, prefix, created_by, created_at, expires_at, revoked_at, last_used_at",
);

function toToken(row: Row): WorkerTokenRow {
  return {
    id: row.id,
    orgId: row.org_id,
    displayName: row.display_name,
    prefix: row.prefix,
    createdBy: row.created_by,
    createdAtMs: row.created_at.getTime(),
    expiresAtMs: row.expires_at?.getTime() ?? null,
    revokedAtMs: row.revoked_at?.getTime() ?? null,
    lastUsedAtMs: row.last_used_at?.getTime() ?? null,
  };
}

export interface NewWorkerToken {
  id: string;
  orgId: string;
  displayName: string;
  prefix: string;
  hash: Uint8Array;
  secretId: string;
  createdBy: string;
  expiresAtMs: number | null;
}

const insert = statement<Row>()(
  "workerTokens.insert",
  {
    params: ["id", "orgId", "displayName", "prefix", "hash", "secretId", "createdBy", "expiresAt", "now", "tokensMax"],
  },
  ({ param, time }) => sql`
    with counted as (
      select count(*) as tokens from worker_token where org_id = ${param("orgId")}::uuid
        and revoked_at is null and (expires_at is null or expires_at > ${time("now")})
    )
    insert into worker_token (id, org_id, display_name, prefix, hash, secret_id, created_by, created_at, expires_at)
    select ${param("id")}::uuid, ${param("orgId")}::uuid, ${param("displayName")}, ${param("prefix")},
      ${param("hash")}::bytea, ${param("secretId")}, ${param("createdBy")}, ${time("now")}, ${time("expiresAt")}
    from counted where counted.tokens < ${param("tokensMax")}::int
    returning ${columns}`,
);

/**
 * Stores a token unless the org has `tokensMax` that are valid; undefined then. The org is locked before, so that two at
 * once count each other.
 */
export async function insertWorkerToken(
  tx: Transaction,
  token: NewWorkerToken,
  { now, tokensMax }: { now: number; tokensMax: number },
): Promise<WorkerTokenRow | undefined> {
  const { expiresAtMs: expiresAt, ...rest } = token;
  return (await insert.run(tx, { ...rest, expiresAt, now, tokensMax })).map(toToken)[0];
}

const list = statement<Row>()(
  "workerTokens.list",
  { params: ["orgId", "before", "limit"] },
  ({ param }) => sql`
    select ${columns} from worker_token
    where org_id = ${param("orgId")}::uuid and (${param("before")}::uuid is null or id < ${param("before")}::uuid)
    order by id desc limit ${param("limit")}::int`,
);

/** Newest first, those before an id. */
export async function listWorkerTokens(
  tx: Executor,
  params: { orgId: string; before: string | null; limit: number },
): Promise<WorkerTokenRow[]> {
  return (await list.run(tx, params)).map(toToken);
}

const revoke = statement<{ revoked: boolean }>()(
  "workerTokens.revoke",
  { params: ["id", "orgId", "revokedBy", "now"] },
  ({ param, time }) => sql`
    update worker_token set revoked_at = coalesce(revoked_at, ${time("now")}),
      revoked_by = coalesce(revoked_by, ${param("revokedBy")})
    where id = ${param("id")}::uuid and org_id = ${param("orgId")}::uuid
    returning true as revoked`,
);

/** False when the org has no such token. Whoever revoked it first is kept. */
export async function revokeWorkerToken(
  tx: Executor,
  params: { id: string; orgId: string; revokedBy: string; now: number },
): Promise<boolean> {
  return (await revoke.run(tx, params)).length > 0;
}

/** What is needed to check a token against. */
export interface WorkerTokenCandidate {
  prefix: string;
  id: string;
  orgId: string;
  hash: Uint8Array;
  secretId: string;
  expiresAtMs: number | null;
}

const findByPrefix = statement<{
  prefix: string;
  id: string;
  org_id: string;
  hash: Uint8Array;
  secret_id: string;
  expires_at: Date | null;
}>()(
  "workerTokens.findByPrefix",
  { params: ["prefixes", "now", "limit"] },
  ({ param, time }) => sql`
    select asked.prefix, token.id, token.org_id, token.hash, token.secret_id, token.expires_at
    from unnest(${param("prefixes")}::text[]) as asked(prefix)
    cross join lateral (
      select id, org_id, hash, secret_id, expires_at from worker_token
      where prefix = asked.prefix and revoked_at is null and (expires_at is null or expires_at > ${time("now")})
      order by id limit ${param("limit")}::int
    ) token`,
);

/** Tokens that are valid now and begin like one of these; `limit` of each at most. */
export async function findWorkerTokens(
  tx: Executor,
  params: { prefixes: readonly string[]; now: number; limit: number },
): Promise<WorkerTokenCandidate[]> {
  return (await findByPrefix.run(tx, params)).map((row) => ({
    prefix: row.prefix,
    id: row.id,
    orgId: row.org_id,
    hash: row.hash,
    secretId: row.secret_id,
    expiresAtMs: row.expires_at?.getTime() ?? null,
  }));
}

const findInvalid = statement<{ id: string }>()(
  "workerTokens.findInvalid",
  { params: ["ids", "now"] },
  ({ param, time }) => sql`
    select asked.id from unnest(${param("ids")}::uuid[]) as asked(id)
    left join worker_token token on token.id = asked.id
    where token.id is null or token.revoked_at is not null or token.expires_at <= ${time("now")}`,
);

/** Those of the ids that are no valid tokens, now or any more. */
export async function findInvalidWorkerTokens(
  tx: Executor,
  params: { ids: readonly string[]; now: number },
): Promise<string[]> {
  return (await findInvalid.run(tx, params)).map(({ id }) => id);
}

const markUsed = statement<never>()(
  "workerTokens.markUsed",
  { params: ["ids", "now", "before"] },
  ({ param, time }) => sql`
    update worker_token set last_used_at = ${time("now")} where id in (
      select id from worker_token where id = any(${param("ids")}::uuid[])
        and (last_used_at is null or last_used_at < ${time("before")})
      order by id for no key update skip locked
    )`,
);

/** Notes that tokens were used, unless that was noted after `before`. */
export async function markWorkerTokensUsed(
  tx: Executor,
  params: { ids: readonly string[]; now: number; before: number },
): Promise<void> {
  if (params.ids.length > 0) await markUsed.run(tx, params);
}
