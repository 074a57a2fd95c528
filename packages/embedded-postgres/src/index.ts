export { EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from "./errors.js";
export type { Exit } from "./postmaster.js";
export { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from "./start.js";
