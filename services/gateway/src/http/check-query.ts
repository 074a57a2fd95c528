import { type FieldProblem, invalidFields, unknownWord } from "@flovyn/domain";

/** A name that nothing has may be of any length. */
const shownMax = 100;

/**
 * Refuses parameters of a query that a route does not know, and those that are there twice: of one that is ignored the caller
 * would take the answer for what it asked. Errors: InvalidInput naming each, with the one that was probably meant.
 */
export function checkQuery(url: string, known: readonly string[]): void {
  const start = url.indexOf("?");
  if (start < 0) return;
  const given = [...new URLSearchParams(url.slice(start)).keys()];
  const problems = [...new Set(given)].flatMap((name): FieldProblem[] => {
    const field = name.slice(0, shownMax) || "query";
    if (!known.includes(name)) return [{ field, problem: unknownWord(name, known) }];
    return given.indexOf(name) === given.lastIndexOf(name) ? [] : [{ field, problem: "must not be there twice" }];
  });
  const [first, ...others] = problems;
  if (first !== undefined) throw invalidFields([first, ...others]);
}
