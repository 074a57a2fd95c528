export { EmbeddedPostgresError, type EmbeddedPostgresErrorCode } from "./errors.js";
export { guardAgainstOrphaning } from "./guard.js";
export { freePort } from "./port.js";
export type { Exit } from "./postmaster.js";
export { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from "./start.js";
