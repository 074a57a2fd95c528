import { sql } from "drizzle-orm";
import type { Executor, Transaction } from "../database.js";
import { statement } from "../statement.js";
import { instantOr, type ListPlace, leastId, microsecondsOf } from "./list-place.js";

export interface ConfiguredOrganization {
  id: string;
  name: string;
  slug: string;
  tier: string;
  /** JSON object text; none stands for an empty one. */
  quotas?: string;
}

export interface OrganizationRow extends ConfiguredOrganization {
  quotas: string;
  region: string | null;
  createdAtMs: number;
}

interface Row {
  id: string;
  name: string;
  slug: string;
  tier: string;
  region: string | null;
  quotas: string;
  created_at: Date;
}

const columns = sql.raw("id, name, slug, tier, region, quotas::text as quotas, created_at");

function toOrganization({ created_at, ...row }: Row): OrganizationRow {
  return { ...row, createdAtMs: created_at.getTime() };
}

const upsertMany = statement<never>()(
  "organizations.upsertMany",
  { params: ["now"], sets: { org: { id: "uuid", name: "text", slug: "text", tier: "text", quotas: "jsonb" } } },
  ({ time, rows }) => sql`
    insert into organization (id, name, slug, tier, quotas, created_at, updated_at)
    select id, name, slug, tier, quotas, ${time("now")}, ${time("now")} from ${rows("org")} order by id
    on conflict (id) do update set name = excluded.name, slug = excluded.slug, tier = excluded.tier,
      quotas = excluded.quotas, updated_at = excluded.updated_at
      where (organization.name, organization.slug, organization.tier, organization.quotas)
        is distinct from (excluded.name, excluded.slug, excluded.tier, excluded.quotas)`,
);

/** Brings the configured organisations into the database, by id; others are left alone. */
export async function upsertOrganizations(
  tx: Executor,
  params: { now: number; org: readonly ConfiguredOrganization[] },
): Promise<void> {
  const org = params.org.map(({ quotas = "{}", ...rest }) => ({ ...rest, quotas }));
  await upsertMany.run(tx, { now: params.now, org });
}

const insert = statement<Row>()(
  "organizations.insert",
  { params: ["id", "name", "slug", "tier", "region", "quotas", "now"] },
  ({ param, time }) => sql`
    insert into organization (id, name, slug, tier, region, quotas, created_at, updated_at)
    values (${param("id")}, ${param("name")}, ${param("slug")}, ${param("tier")}, ${param("region")},
      ${param("quotas")}::jsonb, ${time("now")}, ${time("now")})
    on conflict (slug) do nothing returning ${columns}`,
);

/** Undefined when the slug is taken. */
export async function insertOrganization(
  tx: Executor,
  params: Omit<OrganizationRow, "createdAtMs"> & { now: number },
): Promise<OrganizationRow | undefined> {
  return (await insert.run(tx, params)).map(toOrganization)[0];
}

const find = statement<Row>()(
  "organizations.find",
  { params: ["id", "slug"] },
  ({ param }) => sql`
    select ${columns} from organization where id = ${param("id")}::uuid
    union all
    select ${columns} from organization where slug = ${param("slug")} and ${param("id")}::uuid is null`,
);

/** By id, or by slug where there is no id. */
export async function findOrganization(
  tx: Executor,
  by: { id: string } | { slug: string },
): Promise<OrganizationRow | undefined> {
  const params = "id" in by ? { id: by.id, slug: null } : { id: null, slug: by.slug };
  return (await find.run(tx, params)).map(toOrganization)[0];
}

const lock = statement<Row>()(
  "organizations.lock",
  { params: ["id"] },
  ({ param }) => sql`select ${columns} from organization where id = ${param("id")}::uuid for no key update`,
);

/** Locks an org, so that what is counted below it holds until the end of the transaction. */
export async function lockOrganization(tx: Transaction, id: string): Promise<OrganizationRow | undefined> {
  return (await lock.run(tx, { id })).map(toOrganization)[0];
}

const list = statement<Row & { created_at_us: string }>()(
  "organizations.list",
  { params: ["afterUs", "afterId", "limit"] },
  ({ param }) => sql`
    select ${columns}, ${microsecondsOf(sql.raw("created_at"))} as created_at_us from organization
    where (created_at, id) > (${instantOr("-infinity", param("afterUs"))}, coalesce(${param("afterId")}::uuid, ${leastId}))
    order by created_at, id limit ${param("limit")}::int`,
);

/** Oldest first, those after a place: ids of configured organizations say nothing about their age. */
export async function listOrganizations(
  tx: Executor,
  { after, limit }: { after: ListPlace | null; limit: number },
): Promise<(OrganizationRow & ListPlace)[]> {
  const rows = await list.run(tx, { afterUs: after?.createdAtUs ?? null, afterId: after?.id ?? null, limit });
  return rows.map(({ created_at_us: createdAtUs, ...row }) => ({ ...toOrganization(row), createdAtUs }));
}
