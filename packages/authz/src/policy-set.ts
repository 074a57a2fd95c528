import {
  checkParsePolicySet,
  type DetailedError,
  type PolicyJson,
  policySetTextToParts,
  policyToJson,
  validate,
} from "@cedar-policy/cedar-wasm/nodejs";
import { resourceTypes } from "./actions.js";
import { cedarSchema, namespace } from "./schema.js";

/** Policies in Cedar's language, and what errors call them. */
export interface PolicySource {
  name: string;
  text: string;
}

/** Something that policies may look at, and which costs a look at the request. */
export type Attribute = "id" | "kind" | "queue";

export interface PolicySet {
  /** By id: that of the annotation `@id`, else the name of the source and a number. */
  policies: ReadonlyMap<string, string>;
  descriptions: ReadonlyMap<string, string>;
  /** What any of them looks at. */
  attributes: ReadonlySet<Attribute>;
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
  const attributes = new Set<Attribute>();
  if (problems.length > 0) throw new PolicyError(problems);
  for (const source of sources) {
    for (const [index, { text, json }] of partsOf(source).entries()) {
      const id = json.annotations?.id ?? `${source.name}#${index + 1}`;
      if (policies.has(id)) problems.push(`${source.name}: there is another policy with the id ${id}`);
      policies.set(id, text);
      descriptions.set(id, json.annotations?.description ?? "");
      for (const attribute of attributesOf(json)) attributes.add(attribute);
    }
  }
  if (problems.length > 0) throw new PolicyError(problems);
  return { policies, descriptions, attributes };
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

const literals = resourceTypes
  .filter((type) => type !== "Org" && type !== "Server")
  .map((type) => `${namespace}::${type}`);

/** What a policy may look at, found in its syntax tree: rather too much than too little. */
function attributesOf(json: PolicyJson): Attribute[] {
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
