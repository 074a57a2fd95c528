import { sql } from "drizzle-orm";
import { check, index, pgTable, text, uuid, varchar } from "drizzle-orm/pg-core";
import { bytea, id, instant } from "./columns.js";
import { organization } from "./organization.js";

/** A credential of workers. The token itself is nowhere: only its beginning, to find it by, and a keyed hash of all of it. */
export const workerToken = pgTable(
  "worker_token",
  {
    id: id(),
    orgId: uuid()
      .notNull()
      .references(() => organization.id, { onDelete: "cascade" }),
    displayName: varchar({ length: 255 }).notNull(),
    /** The first 16 characters. Several tokens may begin alike. */
    prefix: varchar({ length: 16 }).notNull(),
    /** HMAC-SHA256 of the token under the secret of this id, which is in the configuration of the gateways. */
    hash: bytea().notNull(),
    secretId: varchar({ length: 32 }).notNull(),
    createdBy: text().notNull(),
    createdAt: instant().notNull(),
    expiresAt: instant(),
    revokedAt: instant(),
    revokedBy: text(),
    /** Within a minute. */
    lastUsedAt: instant(),
  },
  (table) => [
    // workerTokens.findByPrefix
    index("worker_token_prefix").on(table.prefix),
    // workerTokens.list
    index("worker_token_org").on(table.orgId, table.id),
    check("worker_token_hash", sql`length(${table.hash}) = 32`),
    check("worker_token_revoked", sql`(${table.revokedAt} is null) = (${table.revokedBy} is null)`),
  ],
);
