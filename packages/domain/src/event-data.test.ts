import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventData, rawJson } from "./event-data.js";
import { payloadBytesMax } from "./limits.js";

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

  const embedded = (payload: Uint8Array) => {
    return (JSON.parse(eventData([["value", rawJson(payload)]]).toString()) as { value: unknown }).value;
  };

  it("embeds null for no bytes, text that is not JSON as a string, and other bytes as their base64", () => {
    expect(embedded(Buffer.alloc(0))).toBeNull();
    expect(embedded(Buffer.from("{oops"))).toBe("{oops");
    expect(embedded(Buffer.from("1,2"))).toBe("1,2");
    expect(embedded(Buffer.from('é "\u0000'))).toBe('é "\u0000');
    expect(embedded(Buffer.from([0x22, 0xff, 0x22]))).toBe("Iv8i");
  });

  it("embeds null where the string would be larger than a payload may be, which readers count on", () => {
    const largest = Buffer.alloc(payloadBytesMax - 2, "a");
    expect(embedded(largest)).toBe(largest.toString());
    expect(embedded(Buffer.alloc(payloadBytesMax - 1, "a"))).toBeNull();
    expect(embedded(Buffer.alloc(payloadBytesMax, 0xff))).toBeNull();
    expect(embedded(Buffer.alloc(payloadBytesMax / 2, 1))).toBeNull();
  });

  it("loses no byte of any other payload", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string().map((text) => Buffer.from(text)),
          fc.uint8Array(),
        ),
        (payload) => {
          const bytes = Buffer.from(payload);
          const value = embedded(bytes);
          const isText = Buffer.from(bytes.toString()).equals(bytes);
          let json: unknown;
          try {
            json = isText ? (JSON.parse(bytes.toString()) as unknown) : undefined;
          } catch {
            json = undefined;
          }
          if (bytes.byteLength === 0) expect(value).toBeNull();
          else expect(value).toEqual(json === undefined ? bytes.toString(isText ? "utf8" : "base64") : json);
        },
      ),
    );
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
