export * from "./gen/flovyn/v1/agent.js";
export * from "./gen/flovyn/v1/flovyn.js";
export * from "./gen/google/protobuf/empty.js";
