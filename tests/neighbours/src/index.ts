export { type AttackName, attackKinds } from "./attack/kinds/index.js";
export { Arena, type ArenaOptions } from "./round/arena.js";
export { complaintsOf } from "./round/complaints.js";
export type { Outcome } from "./round/outcome.js";
export { outcomeTable } from "./round/table.js";
export { startOneProcess } from "./topology/one-process.js";
export type { StartTopology } from "./topology/topology.js";
export { startTwoGateways } from "./topology/two-gateways.js";
