import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventData, rawJson } from "./event-data.js";

describe("event data", () => {
  it("embeds payloads byte for byte", () => {
    for (const payload of [
      "9007199254740993",
      "1.0",
      '"\\u0000"',
      '{"b":1,"a":{"c":[1.50,2e3]}}',
      " [ 1 , 2 ] ",
      "null",
    ]) {
      const text = eventData([["output", rawJson(Buffer.from(payload))]]).toString();
      expect(text).toBe(`{"output":${payload}}`);
    }
  });

  it("embeds null for empty bytes and for bytes that are not JSON", () => {
    for (const payload of [
      Buffer.alloc(0),
      Buffer.from("{oops"),
      Buffer.from([0x22, 0xff, 0x22]),
      Buffer.from("1,2"),
    ]) {
      expect(eventData([["value", rawJson(payload)]]).toString()).toBe('{"value":null}');
    }
  });

  it("survives a payload that is nested 50,000 levels deep", () => {
    const payload = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
    expect(eventData([["value", rawJson(Buffer.from(payload))]]).toString()).toBe(`{"value":${payload}}`);
  });

  it("always is the text of one JSON object with the given keys", () => {
    const value = fc.oneof(
      fc.string(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
      fc.constant(undefined),
      fc.json().map((text) => rawJson(Buffer.from(text))),
    );
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(fc.string(), value), { selector: ([key]) => key }), (fields) => {
        const parsed = JSON.parse(eventData(fields).toString()) as object;
        const expected = fields.filter(([key, given]) => given !== undefined && key !== "__proto__");
        expect(
          Object.keys(parsed)
            .filter((key) => key !== "__proto__")
            .sort(),
        ).toEqual(expected.map(([key]) => key).sort());
      }),
    );
  });
});
