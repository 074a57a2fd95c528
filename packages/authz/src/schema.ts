import { actionGroups, actions, resourceTypes } from "./actions.js";

export const namespace = "Flovyn";

const principals = ["User", "Worker", "Operator", "PromiseToken"] as const;
export type PrincipalType = (typeof principals)[number];

/** What requests say of a resource beside its org and id, where they do. */
export const resourceAttributes = ["kind", "queue"] as const;

/** The schema that every policy is checked against, in Cedar's own language: types of principals, resources and actions. */
export const cedarSchema = `namespace ${namespace} {
  entity Org;
  entity Server;
  entity User in [Org] = { org: Org, id: String, role: String };
  entity Worker in [Org] = { org: Org, id: String, kind?: String, queue?: String };
  entity Operator = { id: String };
  entity PromiseToken in [Org] = { org: Org };
${resourceTypes
  .filter((type) => !["Org", "Server", "Worker"].includes(type))
  .map((type) => `  entity ${type} in [Org] = { org: Org, id?: String, kind?: String, queue?: String };`)
  .join("\n")}

${actionGroups.map((group) => `  action "${group}";`).join("\n")}
${Object.entries(actions)
  .map(
    ([name, { group, resource }]) =>
      `  action "${name}" in ["${group}"] appliesTo { principal: [${principals.join(", ")}], resource: [${resource}] };`,
  )
  .join("\n")}
}
`;
