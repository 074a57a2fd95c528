import { sql } from "drizzle-orm";
import { check, index, jsonb, pgTable, smallint, text, uniqueIndex, uuid, varchar } from "drizzle-orm/pg-core";
import { id, instant } from "./columns.js";

/** One row: facts that hold for the whole cluster and that no version may change. */
export const clusterSetting = pgTable(
  "cluster_setting",
  { id: id(), partitionCount: smallint().notNull(), singleton: smallint().notNull().default(1) },
  (table) => [
    uniqueIndex("cluster_setting_singleton").on(table.singleton),
    check("one_row", sql`${table.singleton} = 1`),
  ],
);

export const organization = pgTable(
  "organization",
  {
    id: id(),
    name: varchar({ length: 255 }).notNull(),
    slug: varchar({ length: 100 }).notNull(),
    tier: varchar({ length: 50 }).notNull().default("FREE"),
    region: varchar({ length: 50 }),
    /** Limits of this org by name, in place of those of the configuration. */
    quotas: jsonb().notNull().default({}),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (table) => [
    // organizations.findBySlug
    uniqueIndex("organization_slug").on(table.slug),
    // organizations.list
    index("organization_created").on(table.createdAt, table.id),
    check("organization_slug_form", sql`${table.slug} ~ '^[a-z0-9]+(-[a-z0-9]+)*$'`),
  ],
);

/** Every queue that was ever used; the first use registers it in the using transaction. */
export const queue = pgTable(
  "queue",
  {
    id: id(),
    orgId: uuid()
      .notNull()
      .references(() => organization.id, { onDelete: "cascade" }),
    name: varchar({ length: 100 }).notNull(),
    state: varchar({ length: 20 }).notNull().default("open"),
    registeredAt: instant().notNull(),
    registeredBy: text().notNull(),
    defaults: jsonb().notNull().default({}),
    limits: jsonb().notNull().default({}),
  },
  (table) => [
    uniqueIndex("queue_org_name").on(table.orgId, table.name),
    check("queue_state", sql`${table.state} in ('open', 'paused', 'draining', 'disabled')`),
  ],
);
