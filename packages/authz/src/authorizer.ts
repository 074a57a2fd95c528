import { preparsePolicySet, statefulIsAuthorized } from "@cedar-policy/cedar-wasm/nodejs";
import { type ActionName, actions } from "./actions.js";
import { defaultPolicies, orgFence } from "./default-policies.js";
import type { PolicySource } from "./policy-set.js";
import { type Attribute, type PolicySet, readPolicies } from "./policy-set.js";
import { namespace, type PrincipalType } from "./schema.js";

/** Who asks. An empty org is that of an operator. The same object for every call of a credential is decided once. */
export interface Principal {
  readonly orgId: string;
  readonly principalType: "User" | "Worker" | "Service";
  readonly principalId: string;
  readonly role?: string;
}

/** What requests say of a resource where policies look at it. */
export type ResourceFacts = Partial<Record<Attribute, string>>;

export interface Decision {
  readonly allowed: boolean;
  /** The policies that decided; none when no policy allows it. */
  readonly policyIds: readonly string[];
}

export interface AuthorizerOptions {
  /** More policies, or with `mode` "replace" all of them. The fence between orgs always holds. */
  sources?: readonly PolicySource[];
  mode?: "extend" | "replace";
  /** Told of errors while a policy was evaluated; what it would have allowed is denied. */
  onError?: (problem: string) => void;
}

/** Decisions that are known, about 200 bytes each. */
const decisionsMax = 50_000;

/** Of an id, a kind or a queue. Those that the server takes have at most 255 characters. */
const factLengthMax = 512;
const denied: Decision = Object.freeze({ allowed: false, policyIds: [] });

/** What a principal without a role is. */
const roleWithout = "MEMBER";
/** The callers that promise tokens make. No key and no token of an identity provider may have this id. */
export const promiseTokenId = "flovyn:promise-token";

/** The library keeps parsed policies by name for ever: names of authorizers that are gone are used again. */
const freeSetIds: string[] = [];
const setIds = new FinalizationRegistry<string>((id) => freeSetIds.push(id));
let setsMade = 0;

/**
 * Decides by policies. A decision is the same for the same principal, action and resource as long as the policies are the
 * same, so each is made once: usual policies look at nothing but the org of a resource. Errors: PolicyError.
 */
export class Authorizer {
  /** What policies look at beside principal and org; only this has to be looked up for a call. */
  readonly attributes: ReadonlySet<Attribute>;
  readonly policies: PolicySet;
  readonly #setId: string;
  readonly #onError: (problem: string) => void;
  /** Decisions about the own org, where nothing of the resource counts. */
  #own = new WeakMap<Principal, Map<ActionName, Decision>>();
  readonly #others = new Map<string, Decision>();

  constructor({ sources = [], mode = "extend", onError = () => {} }: AuthorizerOptions = {}) {
    const builtIn = { name: "default policies", text: defaultPolicies };
    const fence = { name: "org fence", text: orgFence };
    this.policies = readPolicies([fence, ...(mode === "extend" ? [builtIn] : []), ...sources]);
    this.attributes = this.policies.attributes;
    this.#onError = onError;
    this.#setId = freeSetIds.pop() ?? `${namespace}-${setsMade++}`;
    setIds.register(this, this.#setId);
    const parsed = preparsePolicySet(this.#setId, { staticPolicies: Object.fromEntries(this.policies.policies) });
    if (parsed.type === "failure") throw new Error(parsed.errors.map(({ message }) => message).join("; "));
  }

  authorize(principal: Principal, action: ActionName, resource: { orgId: string; facts?: ResourceFacts }): Decision {
    // No valid request says so much; it is neither worth an evaluation nor a place among the known ones.
    for (const fact of Object.values(resource.facts ?? {})) if (fact.length > factLengthMax) return denied;
    if (resource.orgId === principal.orgId && this.attributes.size === 0) {
      let decisions = this.#own.get(principal);
      if (decisions === undefined) {
        decisions = new Map();
        this.#own.set(principal, decisions);
      }
      let decision = decisions.get(action);
      if (decision === undefined) {
        decision = this.decide(principal, action, resource);
        decisions.set(action, decision);
      }
      return decision;
    }
    return this.#decideOnce(principal, action, resource);
  }

  #decideOnce(principal: Principal, action: ActionName, resource: { orgId: string; facts?: ResourceFacts }): Decision {
    const { orgId, principalType, principalId, role = "" } = principal;
    const { id = "", kind = "", queue = "" } = resource.facts ?? {};
    const key = JSON.stringify([orgId, principalType, principalId, role, action, resource.orgId, id, kind, queue]);
    const known = this.#others.get(key);
    if (known !== undefined) return known;
    if (this.#others.size >= decisionsMax) {
      const [oldest] = this.#others.keys();
      if (oldest !== undefined) this.#others.delete(oldest);
    }
    const decision = this.decide(principal, action, resource);
    this.#others.set(key, decision);
    return decision;
  }

  /** The decision, made anew. Whatever goes wrong denies. */
  decide(principal: Principal, action: ActionName, resource: { orgId: string; facts?: ResourceFacts }): Decision {
    const { type, attrs } = describePrincipal(principal);
    const uid = { type: `${namespace}::${type}`, id: `${principal.orgId}/${principal.principalId}` };
    const org = (id: string) => ({ type: `${namespace}::Org`, id });
    const { resource: resourceType } = actions[action];
    const facts = resource.facts ?? {};
    const target = { type: `${namespace}::${resourceType}`, id: targetId(resourceType, resource) };
    const isOwn = resourceType === "Org" || resourceType === "Server";
    const inOrg = isOwn ? [] : [org(resource.orgId)];
    const answer = statefulIsAuthorized({
      principal: uid,
      action: { type: `${namespace}::Action`, id: action },
      resource: target,
      context: {},
      preparsedPolicySetId: this.#setId,
      entities: [
        { uid, attrs, parents: principal.orgId === "" ? [] : [org(principal.orgId)] },
        { uid: { type: `${namespace}::Action`, id: action }, attrs: {}, parents: [groupOf(action)] },
        {
          uid: target,
          attrs: isOwn ? {} : { org: { __entity: org(resource.orgId) }, id: target.id, ...rest(facts) },
          parents: inOrg,
        },
      ],
    });
    if (answer.type === "failure") {
      this.#onError(answer.errors.map(({ message }) => message).join("; "));
      return { allowed: false, policyIds: [] };
    }
    const { decision, diagnostics } = answer.response;
    for (const { policyId, error } of diagnostics.errors) this.#onError(`${policyId}: ${error.message}`);
    // A policy that could not be evaluated might have forbidden it.
    const allowed = decision === "allow" && diagnostics.errors.length === 0;
    return Object.freeze({ allowed, policyIds: Object.freeze([...diagnostics.reason]) });
  }
}

function describePrincipal({ orgId, principalType, principalId, role }: Principal): {
  type: PrincipalType | "Service";
  attrs: Record<string, string | { __entity: { type: string; id: string } }>;
} {
  const org = { __entity: { type: `${namespace}::Org`, id: orgId } };
  if (principalType === "Service") return { type: "Service", attrs: {} };
  if (orgId === "") {
    // Whoever has no org and is no operator is nothing to policies.
    const isOperator = principalType === "User" && role === "OPERATOR";
    return isOperator ? { type: "Operator", attrs: { id: principalId } } : { type: "Service", attrs: {} };
  }
  if (principalType === "Worker") return { type: "Worker", attrs: { org, id: principalId } };
  if (principalId === promiseTokenId && role === undefined) return { type: "PromiseToken", attrs: { org } };
  return { type: "User", attrs: { org, id: principalId, role: role ?? roleWithout } };
}

function targetId(type: string, { orgId, facts }: { orgId: string; facts?: ResourceFacts }): string {
  if (type === "Org") return orgId;
  return facts?.id ?? "";
}

function rest({ kind, queue }: ResourceFacts): Record<string, string> {
  return { ...(kind !== undefined && { kind }), ...(queue !== undefined && { queue }) };
}

function groupOf(action: ActionName): { type: string; id: string } {
  return { type: `${namespace}::Action`, id: actions[action].group };
}
