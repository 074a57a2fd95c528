export * from "./database.js";
export * from "./migrate.js";
export * as schema from "./schema/index.js";
export * from "./store/index.js";
