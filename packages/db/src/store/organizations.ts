import { sql } from "drizzle-orm";
import type { Executor } from "../database.js";
import { statement } from "../statement.js";

export interface OrganizationRow {
  id: string;
  name: string;
  slug: string;
  tier: string;
}

const upsertMany = statement<never>()(
  "organizations.upsertMany",
  { params: ["now"], sets: { org: { id: "uuid", name: "text", slug: "text", tier: "text" } } },
  ({ time, rows }) => sql`
    insert into organization (id, name, slug, tier, created_at, updated_at)
    select id, name, slug, tier, ${time("now")}, ${time("now")} from ${rows("org")} order by id
    on conflict (id) do update set name = excluded.name, slug = excluded.slug, tier = excluded.tier,
      updated_at = excluded.updated_at
      where (organization.name, organization.slug, organization.tier)
        is distinct from (excluded.name, excluded.slug, excluded.tier)`,
);

/** Brings the configured organisations into the database, by id; others are left alone. */
export async function upsertOrganizations(
  tx: Executor,
  params: { now: number; org: readonly OrganizationRow[] },
): Promise<void> {
  await upsertMany.run(tx, params);
}

const findBySlug = statement<{ id: string }>()(
  "organizations.findBySlug",
  { params: ["slug"] },
  ({ param }) => sql`select id from organization where slug = ${param("slug")}`,
);

export async function findOrganizationBySlug(tx: Executor, slug: string): Promise<string | undefined> {
  return (await findBySlug.run(tx, { slug }))[0]?.id;
}
