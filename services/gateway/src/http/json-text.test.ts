import { describe, expect, it } from "vitest";
import { jsonArray, jsonBytes, jsonObject, jsonPayload, jsonTrusted } from "./json-text.js";

const text = (value: Parameters<typeof jsonBytes>[0]) => jsonBytes(value).toString("utf8");

describe("JSON text", () => {
  it("embeds payloads byte for byte between the other members", () => {
    const source = '{ "big": 9007199254740993, "float": 1.0, "nul": "\\u0000" }';
    const object = jsonObject([
      ["id", 'a"b'],
      ["input", jsonPayload(Buffer.from(source))],
      ["missing", undefined],
      ["none", null],
      ["count", 3],
      ["list", jsonArray([jsonPayload(Buffer.from("1")), jsonTrusted("{}", "{}")])],
    ]);
    expect(text(object)).toBe(`{"id":"a\\"b","input":${source},"none":null,"count":3,"list":[1,{}]}`);
  });

  it("shows no payload as null and one that is not JSON as a string, so that the answer stays JSON", () => {
    const object = jsonObject([
      ["empty", jsonPayload(new Uint8Array())],
      ["absent", jsonPayload(undefined)],
      ["broken", jsonPayload(Buffer.from('{"a":'))],
      ["latin", jsonPayload(Buffer.from([0x22, 0xff, 0x22]))],
      ["metadata", jsonTrusted("", "{}")],
    ]);
    expect(text(object)).toBe('{"empty":null,"absent":null,"broken":"{\\"a\\":","latin":"Iv8i","metadata":{}}');
  });

  it("writes empty objects and arrays", () => {
    expect(text(jsonObject([]))).toBe("{}");
    expect(text(jsonArray([]))).toBe("[]");
  });
});
