import { customType, timestamp, uuid } from "drizzle-orm/pg-core";

/** Payload bytes, exactly as they came. */
export const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => "bytea" });

/** The single key of every table: a version 7 UUID made by the application, never by a database default. */
export const id = () => uuid().primaryKey();

export const instant = () => timestamp({ withTimezone: true });
