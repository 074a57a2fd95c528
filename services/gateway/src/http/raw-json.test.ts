import { jsonDepthMax } from "@flovyn/domain";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type RawObject, readRawObject } from "./raw-json.js";

/** The object with the source of its members as text. */
function read(text: string) {
  const object = readRawObject(Buffer.from(text), "body");
  return { ...object, raw: (name: string) => object.raw(name)?.toString() };
}

const valuesOf = ({ names, value }: Pick<RawObject, "names" | "value">) =>
  Object.fromEntries(names.map((name) => [name, value(name)]));

describe("readRawObject", () => {
  it.each([
    ["a 64-bit integer", "9007199254740993"],
    ["a number with a zero fraction", "1.0"],
    ["an exponent", "-0.10e+05"],
    ["a NUL escape", '"\\u0000"'],
    ["a lone surrogate escape", '"\\ud800"'],
    ["escaped quotes and backslashes", '"a\\"b\\\\"'],
    ["blanks inside", '[ 1 ,\t2,\n{ "x" : "}" } ]'],
    ["duplicate keys inside", '{"a":1,"a":2}'],
    ["brackets in strings", '{"[":"]","{":"}"}'],
  ])("keeps %s as it was written", (_what, source) => {
    const object = read(` { "first" : true , "input" : ${source} , "last" : null } `);
    expect(object.raw("input")).toBe(source);
    expect(object.raw("first")).toBe("true");
    expect(object.raw("last")).toBe("null");
    expect(object.raw("absent")).toBeUndefined();
  });

  it.each(['{"input":1,"in\\u0070ut":2.0}', '{"a":1,"input":[],"input":[]}'])(
    "refuses %s, which has a member twice",
    (text) => {
      expect(() => read(text)).toThrow("input: must not be there twice");
      expect(() => readRawObject(Buffer.from(text), "metadata")).toThrow("metadata.input: must not be there twice");
    },
  );

  it("takes 100 members and refuses more, without reading on", () => {
    const members = (count: number) => Array.from({ length: count }, (_, n) => `"m${n}":${n}`).join();
    expect(read(`{${members(100)}}`).value("m99")).toBe(99);
    expect(() => read(`{${members(101)}, and no JSON`)).toThrow("body: must have at most 100 members");
    expect(() => read(`{${'"":0,'.repeat(101)}`)).toThrow("body: must have at most 100 members");
  });

  it("keeps payloads of any size, and refuses to read other members beyond 128 KiB", () => {
    const object = read(`{"input":[${"{},".repeat(50_000)}0],"kind":"${"k".repeat(131_071)}"}`);
    expect(object.raw("input")).toHaveLength(150_003);
    const tooLarge = (name: string, bytes: number) =>
      expect.objectContaining({
        ...{ code: "PayloadTooLarge", field: name },
        message: `${name}: must have at most 131072 bytes, has ${bytes}`,
      });
    expect(() => object.value("input")).toThrow(tooLarge("input", 150_003));
    expect(() => object.value("kind")).toThrow(tooLarge("kind", 131_073));
  });

  it.each(["", "   ", "{", "}", '{"a"}', '{"a":}', '{"a":1,}', "[1]", "null", '"text"', "1", "{'a':1}", '{"a":01}'])(
    "refuses %j and names the field",
    (text) => {
      expect(() => read(text)).toThrow(expect.objectContaining({ code: "InvalidInput", field: "body" }));
    },
  );

  it("takes members up to the depth limit and refuses deeper ones by their name, with the limit", () => {
    const nested = (depth: number) => `{"input":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    const deepest = nested(jsonDepthMax);
    expect(read(deepest).raw("input")).toBe(deepest.slice(9, -1));
    expect(() => read(nested(jsonDepthMax + 1))).toThrow(
      `input: must not be nested deeper than ${jsonDepthMax} levels`,
    );
  });

  it("says where text that opens a million arrays and closes none stops being JSON", () => {
    expect(() => read(`{"input":${"[".repeat(1_000_000)}`)).toThrow("body: is not JSON, see position 1000009");
  });

  it("agrees with JSON.parse on every object, however it is indented", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.integer({ min: 0, max: 3 }), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const object = read(text);
        const parsed = JSON.parse(text) as Record<string, unknown>;
        expect(valuesOf(object)).toEqual(parsed);
        for (const key of Object.keys(parsed)) {
          expect(JSON.parse(object.raw(key) ?? "")).toEqual(parsed[key]);
          expect(text).toContain(object.raw(key));
        }
      }),
    );
  });

  it("ends, and refuses what JSON.parse refuses, for any text", () => {
    const brackets = fc.array(fc.constantFrom("{", "}", "[", "]", '"', "\\", ":", ",", " ", "1", "a", "\n"));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          brackets.map((pieces) => pieces.join("")),
        ),
        (text) => {
          let parsed: unknown;
          try {
            parsed = JSON.parse(text);
          } catch {
            parsed = undefined;
          }
          const isObject = typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
          if (isObject) expect(valuesOf(read(text))).toEqual(parsed);
          else expect(() => read(text)).toThrow();
        },
      ),
    );
  });
});
