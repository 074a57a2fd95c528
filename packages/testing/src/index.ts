export { freePort } from "@flovyn/embedded-postgres";
export { FakeClock } from "./fake-clock.js";
export { findNatsServer, type NatsSource } from "./nats/find-nats-server.js";
export { type NatsServer, startNatsServer } from "./nats/nats-server.js";
export { administer, createTestDatabase, databaseUrl, type TestDatabase } from "./test-database.js";
export { startTestPostgres, type TestPostgres } from "./test-postgres.js";
export { type ProcessExit, type ProcessOptions, spawnProcess, type TestProcess } from "./test-process.js";
export { waitFor } from "./wait-for.js";
export { workspaceRoot } from "./workspace-root.js";
