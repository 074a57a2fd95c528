export * from "./actions.js";
export * from "./authorizer.js";
export type { Attribute } from "./policy-scope.js";
export { PolicyError, type PolicySource } from "./policy-set.js";
export { cedarSchema } from "./schema.js";
