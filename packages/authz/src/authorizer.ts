import { statefulIsAuthorized } from "@cedar-policy/cedar-wasm/nodejs";
import { type ActionName, actions } from "./actions.js";
import { defaultPolicies, orgFence } from "./default-policies.js";
import { ParsedPolicies } from "./parsed-policies.js";
import type { Attribute } from "./policy-scope.js";
import { type PolicySet, type PolicySource, readPolicies } from "./policy-set.js";
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

const noAttributes: ReadonlySet<Attribute> = new Set();

interface Resource {
  orgId: string;
  facts?: ResourceFacts;
}

/**
 * Decides by policies. A decision is the same for the same principal, action and resource as long as the policies are the
 * same, so each is made once: usual policies look at nothing but the org of a resource. Errors: PolicyError.
 */
export class Authorizer {
  readonly policies: PolicySet;
  readonly #all: ParsedPolicies;
  /** The policies that look at nothing of requests. */
  readonly #blind: ParsedPolicies;
  readonly #onError: (problem: string) => void;
  /** Decisions about the own org, where nothing of the resource counts. */
  readonly #own = new WeakMap<Principal, Map<ActionName, Decision>>();
  readonly #others = new Map<string, Decision>();

  constructor({ sources = [], mode = "extend", onError = () => {} }: AuthorizerOptions = {}) {
    const builtIn = { name: "default policies", text: defaultPolicies };
    const fence = { name: "org fence", text: orgFence };
    this.policies = readPolicies([fence, ...(mode === "extend" ? [builtIn] : []), ...sources]);
    this.#onError = onError;
    this.#all = new ParsedPolicies(this.policies.policies);
    this.#blind = this.policies.attributes.size === 0 ? this.#all : new ParsedPolicies(this.policies.blind);
  }

  /** What policies about an action look at beside principal and org; only this has to be looked up for a call. */
  attributes(action: ActionName): ReadonlySet<Attribute> {
    return this.policies.attributes.get(action) ?? noAttributes;
  }

  authorize(principal: Principal, action: ActionName, { orgId, facts = {} }: Resource): Decision {
    const wanted = this.attributes(action);
    if (wanted.size === 0) return this.#blindly(principal, action, orgId);
    const seen: ResourceFacts = {};
    for (const attribute of wanted) {
      const fact = facts[attribute];
      if (fact === undefined) continue;
      // No valid request says so much; it is neither worth an evaluation nor a place among the known ones.
      if (fact.length > factLengthMax) return denied;
      seen[attribute] = fact;
    }
    const resource = { orgId, facts: seen };
    return this.#remembered(keyOf(principal, action, resource), () => this.decide(principal, action, resource));
  }

  /**
   * What can be said before a request is read. `denied`: whatever it says. `allowed`: no policy looks at what it says.
   * `open`: that depends on what it says.
   */
  beforehand(principal: Principal, action: ActionName, orgId: string): "allowed" | "denied" | "open" {
    const { allowed, policyIds } = this.#blindly(principal, action, orgId);
    if (this.attributes(action).size === 0) return allowed ? "allowed" : "denied";
    const isForbidden = !allowed && policyIds.length > 0;
    const isPermitted = allowed || this.policies.permittedByFacts.has(action);
    return isForbidden || !isPermitted ? "denied" : "open";
  }

  /** The decision, made anew. Whatever goes wrong denies. */
  decide(principal: Principal, action: ActionName, resource: Resource): Decision {
    return this.#decide(this.#all, principal, action, resource);
  }

  /** The decision of the policies that look at nothing of requests. An error in one of them forbids. */
  #blindly(principal: Principal, action: ActionName, orgId: string): Decision {
    const make = () => this.#decide(this.#blind, principal, action, { orgId });
    if (orgId !== principal.orgId) return this.#remembered(`blind${keyOf(principal, action, { orgId })}`, make);
    let decisions = this.#own.get(principal);
    if (decisions === undefined) {
      decisions = new Map();
      this.#own.set(principal, decisions);
    }
    let decision = decisions.get(action);
    if (decision === undefined) {
      decision = make();
      decisions.set(action, decision);
    }
    return decision;
  }

  #remembered(key: string, make: () => Decision): Decision {
    const known = this.#others.get(key);
    if (known !== undefined) return known;
    if (this.#others.size >= decisionsMax) {
      const [oldest] = this.#others.keys();
      if (oldest !== undefined) this.#others.delete(oldest);
    }
    const decision = make();
    this.#others.set(key, decision);
    return decision;
  }

  #decide(policies: ParsedPolicies, principal: Principal, action: ActionName, resource: Resource): Decision {
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
      preparsedPolicySetId: policies.setId,
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
      return denied;
    }
    const { decision, diagnostics } = answer.response;
    for (const { policyId, error } of diagnostics.errors) this.#onError(`${policyId}: ${error.message}`);
    // A policy that could not be evaluated might have forbidden it.
    const allowed = decision === "allow" && diagnostics.errors.length === 0;
    return Object.freeze({ allowed, policyIds: Object.freeze([...diagnostics.reason]) });
  }
}

function keyOf({ orgId, principalType, principalId, role = "" }: Principal, action: ActionName, resource: Resource) {
  const { id = "", kind = "", queue = "" } = resource.facts ?? {};
  return JSON.stringify([orgId, principalType, principalId, role, action, resource.orgId, id, kind, queue]);
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

function targetId(type: string, { orgId, facts }: Resource): string {
  if (type === "Org") return orgId;
  return facts?.id ?? "";
}

function rest({ kind, queue }: ResourceFacts): Record<string, string> {
  return { ...(kind !== undefined && { kind }), ...(queue !== undefined && { queue }) };
}

function groupOf(action: ActionName): { type: string; id: string } {
  return { type: `${namespace}::Action`, id: actions[action].group };
}
