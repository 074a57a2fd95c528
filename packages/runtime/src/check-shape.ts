import { type FieldProblem, unknownWord } from "@flovyn/domain";
import { z } from "zod";

export type Shaped<Value> =
  | { readonly value: Value }
  | { readonly problems: readonly [FieldProblem, ...FieldProblem[]] };

/**
 * Checks a value from outside against a shape: a configuration, the body of a request. All that is wrong is listed, each by the
 * full name of its field, `orgs[0].slug`, and never with a value. `whole` names the value itself, `table` what it calls objects.
 */
export function checkShape<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  { whole, table }: { whole: string; table: string },
): Shaped<z.output<Schema>> {
  const result = schema.safeParse(value, { error: (issue) => describe(issue, table) });
  if (result.success) return { value: result.data };
  const problems = result.error.issues.flatMap((issue) => toProblems(issue, schema, whole));
  return { problems: problems as [FieldProblem, ...FieldProblem[]] };
}

function toProblems(issue: z.core.$ZodIssue, schema: z.ZodType, whole: string): FieldProblem[] {
  if (issue.code !== "unrecognized_keys") return [{ field: nameOf(issue.path) || whole, problem: issue.message }];
  const known = Object.keys(shapeAt(schema, issue.path));
  return issue.keys.map((key) => {
    return { field: nameOf([...issue.path, key.slice(0, shownMax)]), problem: unknownWord(key, known) };
  });
}

/** A key that nothing has may be of any length. */
const shownMax = 100;

/** `orgs[0].slug`. */
function nameOf(path: readonly PropertyKey[]): string {
  return path
    .map((level, index) => (typeof level === "number" ? `[${level}]` : `${index > 0 ? "." : ""}${String(level)}`))
    .join("");
}

/** The members that an object at this path may have. */
function shapeAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): Record<string, z.core.$ZodType> {
  const inner = unwrapped(schema);
  const [level, ...rest] = path;
  if (level === undefined) return inner instanceof z.ZodObject ? inner.shape : {};
  const next =
    inner instanceof z.ZodObject
      ? inner.shape[String(level)]
      : inner instanceof z.ZodArray
        ? inner.element
        : inner instanceof z.ZodRecord
          ? inner.valueType
          : undefined;
  return next === undefined ? {} : shapeAt(next, rest);
}

/** What a value is once it is there. */
export function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return unwrapped(schema.unwrap());
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return unwrapped(schema.unwrap());
  return schema;
}

const typeNames: Readonly<Record<string, string>> = {
  array: "a list",
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

/** What is wrong with a value, in words of ours and without the value. Texts that stand in the shape come before these. */
function describe(issue: z.core.$ZodRawIssue, table: string): string {
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined) return "is missing";
      return `must be ${typeNames[issue.expected] ?? table}`;
    case "invalid_value":
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.join(", ")}`;
    case "too_small":
      return describeSize(issue, `at least ${issue.minimum}`, issue.minimum === 1);
    case "too_big":
      return describeSize(issue, `at most ${issue.maximum}`, false);
    case "invalid_key":
      return issue.issues[0]?.message ?? "has a key of a wrong form";
    default:
      return "has not the right form";
  }
}

function describeSize({ origin }: { origin: string }, bound: string, mustExist: boolean): string {
  if (origin === "string") return mustExist ? "must not be empty" : `must have ${bound} characters`;
  if (origin === "array") return mustExist ? "must not be empty" : `must have ${bound} entries`;
  return `must be ${bound}`;
}
