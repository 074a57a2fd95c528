import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { thrownValues } from "../../test/thrown-values.js";
import { NonRetryableError } from "../errors.js";
import { readThrown } from "./read-thrown.js";

const cause = (message: string, by: unknown) => new Error(message, { cause: by });
const refused = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:9"), { code: "ECONNREFUSED" });

describe("what was thrown", () => {
  test("is read whatever it is, into texts that are bounded and have a form in UTF-8", () => {
    fc.assert(
      fc.property(thrownValues, (make) => {
        const { name, text, stack } = readThrown(make());
        expect(text.trim()).not.toBe("");
        expect(text.length).toBeLessThanOrEqual(65_536);
        expect(stack.length).toBeLessThanOrEqual(16_384);
        for (const one of [name ?? "", text, stack]) {
          expect(Buffer.from(one).toString()).toBe(one);
          expect(one).not.toContain("\0");
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each<[string, unknown, string]>([
    ["an error by its message", new TypeError("no paper"), "no paper"],
    ["an error without a message by its name", new TypeError(), "TypeError"],
    ["a text as it is", "no paper", "no paper"],
    ["an object as JSON", { code: 7, why: "no paper" }, '{"code":7,"why":"no paper"}'],
    ["a message that is an object as JSON", Object.assign(new Error(), { message: { code: 1 } }), '{"code":1}'],
    ["an object without a prototype", Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
    ["numbers too large for JSON", { cents: 2n ** 64n }, '{"cents":"18446744073709551616"}'],
    ["nothing", undefined, "undefined"],
    ["a symbol", Symbol("paper"), "Symbol(paper)"],
    ["a function", function print() {}, "[Function: print]"],
    ["a Map", new Map([["paper", 0]]), "Map(1) { 'paper' => 0 }"],
  ])("is written: %s", (_what, thrown, text) => {
    expect(readThrown(thrown).text).toBe(text);
  });

  test.each<[string, unknown, string]>([
    [
      "the causes, with types that say something",
      cause("no invoice", cause("no printer", new RangeError("page 0"))),
      "no invoice; cause: no printer; cause: RangeError: page 0",
    ],
    ["a cause that is no error", cause("no invoice", { page: 0 }), 'no invoice; cause: {"page":0}'],
    [
      "the code of a failed system call behind a failed fetch",
      new TypeError("fetch failed", { cause: Object.assign(new Error("read"), { code: "ECONNRESET" }) }),
      "fetch failed; cause: read (ECONNRESET)",
    ],
    ["a code that the message has only once", refused, "connect ECONNREFUSED 127.0.0.1:9"],
    [
      "the errors of an AggregateError",
      new AggregateError([new Error("left"), new TypeError("right", { cause: "worn" }), "straight on"], "all ways"),
      "all ways [left; TypeError: right; cause: worn; straight on]",
    ],
    [
      "the errors of an AggregateError without a message",
      new TypeError("fetch failed", { cause: new AggregateError([refused, refused]) }),
      "fetch failed; cause: AggregateError [connect ECONNREFUSED 127.0.0.1:9; 1 more]",
    ],
    [
      "a cause whose text is repeated only once",
      cause("no printer: page 0", new Error("page 0", { cause: "worn" })),
      "no printer: page 0; cause: worn",
    ],
    ["the errors that are many", new AggregateError(Array(100).fill("no"), "all"), "all [no; 99 more]"],
  ])("is written with what led to it: %s", (_what, thrown, text) => {
    expect(readThrown(thrown).text).toBe(text);
  });

  test("is written once where errors are causes of one another", () => {
    const first = new Error("first");
    first.cause = cause("second", first);
    expect(readThrown(first).text).toBe("first; cause: second");
  });

  test("is written to a bounded depth", () => {
    let chain: unknown = "the end";
    for (let depth = 1000; depth > 0; depth--) chain = cause(`link ${depth}`, chain);
    const { text } = readThrown(chain);
    expect(text).toContain("link 1; cause: link 2; cause: link 3");
    expect(text).not.toContain("link 100");
  });

  test("has the name of its error, also of one from another realm", async () => {
    const { runInNewContext } = await import("node:vm");
    expect(readThrown(new NonRetryableError("no")).name).toBe("NonRetryableError");
    expect(readThrown(runInNewContext("new RangeError('no')"))).toMatchObject({ name: "RangeError", text: "no" });
    expect(readThrown("no").name).toBeUndefined();
  });
});
