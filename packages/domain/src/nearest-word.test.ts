import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { didYouMean, nearestWord, unknownWord } from "./nearest-word.js";

const known = ["status", "createdFrom", "database_url", "limits", "prioritySeconds", "id", "cascade", "timeoutSeconds"];

describe("nearestWord", () => {
  it.each([
    ["Status", "status"],
    ["databaseUrl", "database_url"],
    ["datbase_url", "database_url"],
    ["limts", "limits"],
    ["priorityseconds", "prioritySeconds"],
    ["stauts", "status"],
    ["cascading", "cascade"],
    ["timeout", "timeoutSeconds"],
  ])("takes %s for %s", (word, nearest) => {
    expect(nearestWord(word, known)).toBe(nearest);
  });

  it.each(["query", "at", "", "x".repeat(10_000)])("finds nothing near '%.20s'", (word) => {
    expect(nearestWord(word, known)).toBeUndefined();
  });

  it("finds every word of four characters or more that one slip of a finger changed", () => {
    const slip = fc.record({
      word: fc.constantFrom(...known.filter(({ length }) => length >= 4)),
      at: fc.nat({ max: 3 }),
      slip: fc.constantFrom("drop", "double", "swap", "replace"),
    });
    fc.assert(
      fc.property(slip, ({ word, at, slip }) => {
        const [head, here = "", next = "", tail] = [word.slice(0, at), word[at], word[at + 1], word.slice(at + 2)];
        const middle = { drop: next, double: here + here + next, swap: next + here, replace: `#${next}` }[slip];
        const mistyped = head + middle + tail;
        fc.pre(mistyped !== word);
        expect(nearestWord(mistyped, known)).toBe(word);
      }),
    );
  });

  it("puts the word behind a message, and nothing where none is near", () => {
    expect(didYouMean("Status", known)).toBe("; did you mean status?");
    expect(didYouMean("query", known)).toBe("");
  });

  it("lists what there is where no word is near, as long as that is a help", () => {
    expect(unknownWord("Status", known)).toBe("is unknown; did you mean status?");
    expect(unknownWord("query", ["limit", "cursor"])).toBe("is unknown; known are limit, cursor");
    expect(unknownWord("query", [])).toBe("is unknown: there is none here");
    expect(
      unknownWord(
        "query",
        Array.from({ length: 13 }, (_, index) => `w${index}`),
      ),
    ).toBe("is unknown");
  });
});
