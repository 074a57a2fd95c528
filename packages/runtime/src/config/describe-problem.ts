import type { z } from "zod";

const tables: Readonly<Record<string, string>> = {
  array: "a list",
  object: "a table",
  string: "text",
  number: "a number",
  boolean: "true or false",
};

/** What is wrong with a value, in words, without the value. Undefined leaves it to the library. */
export function describeProblem(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined) return "is missing";
      return `must be ${tables[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `must be one of ${issue.values.join(", ")}`;
    case "too_small":
      return issue.minimum === 1 ? "must not be empty" : `must have at least ${issue.minimum} characters`;
    case "too_big":
      return `must have at most ${issue.maximum} characters`;
    case "unrecognized_keys":
      return `has no key ${issue.keys.join(", ")}`;
    case "invalid_key":
      return issue.issues[0]?.message;
    default:
      return undefined;
  }
}
