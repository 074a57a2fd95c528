import { preparsePolicySet } from "@cedar-policy/cedar-wasm/nodejs";
import { namespace } from "./schema.js";

/** The library keeps parsed policies by name until the process ends: names of sets that are gone are used again. */
const freeSetIds: string[] = [];
const setIds = new FinalizationRegistry<string>((id) => freeSetIds.push(id));
let setsMade = 0;

/** Policies that the library has parsed, by the name under which it keeps them. */
export class ParsedPolicies {
  readonly setId: string;

  constructor(policies: ReadonlyMap<string, string>) {
    this.setId = freeSetIds.pop() ?? `${namespace}-${setsMade++}`;
    setIds.register(this, this.setId);
    const parsed = preparsePolicySet(this.setId, { staticPolicies: Object.fromEntries(policies) });
    if (parsed.type === "failure") throw new Error(parsed.errors.map(({ message }) => message).join("; "));
  }
}
