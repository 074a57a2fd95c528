import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64Url } from "./base64url.js";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

describe("base64url", () => {
  it("is read back as it was written", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(decodeBase64Url(Buffer.from(bytes).toString("base64url"))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it("has one text for the same bytes: other bits behind the last byte are refused", () => {
    const length = fc.integer({ min: 1, max: 64 }).filter((bytes) => bytes % 3 !== 0);
    const sized = length.chain((bytes) => fc.uint8Array({ minLength: bytes, maxLength: bytes }));
    fc.assert(
      fc.property(sized, (bytes) => {
        const text = Buffer.from(bytes).toString("base64url");
        const sameBytes = [...alphabet]
          .map((last) => text.slice(0, -1) + last)
          .filter((changed) => Buffer.from(changed, "base64url").equals(bytes));
        expect(sameBytes.length).toBe(bytes.length % 3 === 1 ? 16 : 4);
        expect(sameBytes.filter((changed) => decodeBase64Url(changed) !== undefined)).toEqual([text]);
      }),
    );
  });

  it.each(["A", "AA==", "AA=", "+w", "/w", "AA\n", " AA", "A A", "AAé", "AB"])("does not read %j", (text) => {
    expect(decodeBase64Url(text)).toBeUndefined();
  });
});
