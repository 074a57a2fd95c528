import {
  checkParsePolicySet,
  type DetailedError,
  type PolicyJson,
  policySetTextToParts,
  policyToJson,
  validate,
} from "@cedar-policy/cedar-wasm/nodejs";
import type { ActionName } from "./actions.js";
import { type Attribute, actionsOf, attributesOf } from "./policy-scope.js";
import { cedarSchema } from "./schema.js";

/** Policies in Cedar's language, and what errors call them. */
export interface PolicySource {
  name: string;
  text: string;
}

export interface PolicySet {
  /** By id: that of the annotation `@id`, else the name of the source and a number. */
  policies: ReadonlyMap<string, string>;
  descriptions: ReadonlyMap<string, string>;
  /** Those that look at nothing that requests say. */
  blind: ReadonlyMap<string, string>;
  /** What any of the others looks at, by the actions that they may be about. */
  attributes: ReadonlyMap<ActionName, ReadonlySet<Attribute>>;
  /** Actions that one of the others may permit. */
  permittedByFacts: ReadonlySet<ActionName>;
}

/** Policies that do not hold to the language or the schema. Each problem names its source and line. */
export class PolicyError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the policies are not valid:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
    this.name = "PolicyError";
    this.problems = problems;
  }
}

/** Reads and checks policies. Errors: PolicyError with every problem. */
export function readPolicies(sources: readonly PolicySource[]): PolicySet {
  const problems = sources.flatMap(problemsOf);
  const policies = new Map<string, string>();
  const descriptions = new Map<string, string>();
  const blind = new Map<string, string>();
  const attributes = new Map<ActionName, Set<Attribute>>();
  const permittedByFacts = new Set<ActionName>();
  if (problems.length > 0) throw new PolicyError(problems);
  for (const source of sources) {
    for (const [index, { text, json }] of partsOf(source).entries()) {
      const id = json.annotations?.id ?? `${source.name}#${index + 1}`;
      if (policies.has(id)) problems.push(`${source.name}: there is another policy with the id ${id}`);
      policies.set(id, text);
      descriptions.set(id, json.annotations?.description ?? "");
      const lookedAt = attributesOf(json);
      if (lookedAt.length === 0) blind.set(id, text);
      else {
        for (const action of actionsOf(json)) {
          attributes.set(action, new Set([...(attributes.get(action) ?? []), ...lookedAt]));
          if (json.effect === "permit") permittedByFacts.add(action);
        }
      }
    }
  }
  if (problems.length > 0) throw new PolicyError(problems);
  return { policies, descriptions, blind, attributes, permittedByFacts };
}

/** Names that mean something to the language in which sets of policies travel. */
const forbiddenIds = /@id\s*\(\s*"(?![A-Za-z0-9][\w.-]{0,99}"\s*\))/;

/** The parser recurses: far deeper nesting ends its memory, and every later decision with it. */
const nestingMax = 40;

function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const character of text) {
    if ("([{".includes(character)) depth += 1;
    else if (")]}".includes(character)) depth -= 1;
    if (depth > nestingMax) return true;
  }
  // Signs nest without brackets.
  return /(?:[!-]\s*){20}/.test(text);
}

function problemsOf(source: PolicySource): string[] {
  if (forbiddenIds.test(source.text))
    return [`${source.name}: an id must be letters, digits, dots, hyphens and underscores`];
  if (isTooDeep(source.text)) return [`${source.name}: is nested more than ${nestingMax} deep`];
  const parsed = checkParsePolicySet({ staticPolicies: source.text });
  if (parsed.type === "failure") return parsed.errors.map((error) => describe(source, error));
  const checked = validate({
    schema: cedarSchema,
    policies: { staticPolicies: source.text },
    validationSettings: { mode: "strict" },
  });
  if (checked.type === "failure") return checked.errors.map((error) => describe(source, error));
  return checked.validationErrors.map(({ error }) => describe(source, error));
}

function describe({ name, text }: PolicySource, { message, help, sourceLocations }: DetailedError): string {
  const start = sourceLocations?.[0]?.start;
  const line = start === undefined ? "" : `:${lineAt(text, start)}`;
  const hint = help === null || help === undefined ? "" : ` (${help})`;
  return `${name}${line}: ${message}${hint}`;
}

/** Offsets of the library count bytes. */
function lineAt(text: string, offset: number): number {
  return Buffer.from(text).subarray(0, offset).toString().split("\n").length;
}

function partsOf({ name, text }: PolicySource): { text: string; json: PolicyJson }[] {
  const parts = policySetTextToParts(text);
  if (parts.type === "failure") throw new PolicyError(parts.errors.map(({ message }) => `${name}: ${message}`));
  if (parts.policy_templates.length > 0) throw new PolicyError([`${name}: templates are not supported`]);
  return parts.policies.map((part) => {
    const json = policyToJson(part);
    if (json.type === "failure") throw new PolicyError(json.errors.map(({ message }) => `${name}: ${message}`));
    return { text: part, json: json.json };
  });
}
