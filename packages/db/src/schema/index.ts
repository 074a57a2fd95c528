export * from "./organization.js";
export * from "./task.js";
export * from "./transition.js";
export * from "./worker.js";
export * from "./workflow.js";
