export * from "./bus.js";
export { createInProcessBus, type InProcessBusOptions } from "./in-process-bus.js";
export type { BusLog, LogMethod } from "./log.js";
export { type BusStats, createBusStats } from "./stats.js";
export * from "./subjects.js";
