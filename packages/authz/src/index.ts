export * from "./actions.js";
export * from "./authorizer.js";
export { type Attribute, PolicyError, type PolicySource } from "./policy-set.js";
export { cedarSchema } from "./schema.js";
