import type { PolicyJson } from "@cedar-policy/cedar-wasm/nodejs";
import { type ActionName, actionNames, actions, resourceTypes } from "./actions.js";
import { namespace } from "./schema.js";

/** Something that policies may look at, and which costs a look at the request. */
export type Attribute = "id" | "kind" | "queue";

const literals = resourceTypes
  .filter((type) => type !== "Org" && type !== "Server")
  .map((type) => `${namespace}::${type}`);

/** What a policy may look at, found in its syntax tree: rather too much than too little. */
export function attributesOf(json: PolicyJson): Attribute[] {
  const found: Attribute[] = [];
  const { resource, conditions } = json;
  const text = JSON.stringify({ resource, conditions });
  for (const attribute of ["kind", "queue"] as const) {
    if (text.includes(`"attr":"${attribute}"`) || text.includes(`"attr":["${attribute}"`)) found.push(attribute);
  }
  const namesOne = literals.some((type) => text.includes(`"type":"${type}"`));
  if (namesOne || text.includes('"attr":"id"') || text.includes('"attr":["id"')) found.push("id");
  return found;
}

/** The actions that a policy may be about: those of its head, whatever its conditions make of them. */
export function actionsOf({ action }: PolicyJson): readonly ActionName[] {
  if (action.op === "All") return actionNames;
  const entities = "entities" in action ? action.entities : "entity" in action ? [action.entity] : [];
  const named = new Set(entities.map((entity) => ("__entity" in entity ? entity.__entity.id : entity.id)));
  return actionNames.filter((name) => named.has(name) || (action.op === "in" && named.has(actions[name].group)));
}
