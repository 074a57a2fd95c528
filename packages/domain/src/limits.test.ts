import { describe, expect, it } from "vitest";
import { checkLength, cutText, parseKind, parseMetadata, parseName, parseText } from "./limits.js";

const everyUnit = Array.from({ length: 0x1_0000 }, (_, code) => String.fromCharCode(code));
const isHalf = (unit: string) => unit >= "\ud800" && unit <= "\udfff";
const isControl = (unit: string) => unit < " " || (unit >= "\x7f" && unit <= "\x9f");

function refused(check: (text: string) => unknown): string[] {
  return everyUnit.filter((unit) => {
    try {
      check(`a${unit}b`);
      return false;
    } catch {
      return true;
    }
  });
}

describe("texts", () => {
  it.each<[string, (text: string) => unknown]>([
    ["bounded texts", (text) => checkLength(text, "f", 10)],
    ["keys", (text) => parseText(text, "f", 10)],
    ["values of metadata", (text) => parseMetadata({ key: text }, "f")],
    ["keys of metadata", (text) => parseMetadata({ [text]: "value" }, "f")],
  ])("of the kind %s hold any character but NUL and halves of surrogate pairs", (_what, check) => {
    expect(refused(check)).toEqual(everyUnit.filter((unit) => unit === "\0" || isHalf(unit)));
    expect(() => check("😀")).not.toThrow();
  });

  it.each<[string, (text: string) => unknown]>([
    ["kinds", (text) => parseKind(text, "f")],
    ["names", (text) => parseName(text, "f")],
  ])("of the kind %s hold no control characters either", (_what, check) => {
    expect(refused(check)).toEqual(everyUnit.filter((unit) => isControl(unit) || isHalf(unit)));
    expect(() => check("naïve 漢字 😀")).not.toThrow();
  });

  it("say what is wrong with them, and where", () => {
    expect(() => parseKind("a\u009bb", "kind")).toThrow("kind: must not contain control characters, has U+009B");
    expect(() => parseKind("a\0", "kind")).toThrow("kind: must not contain the NUL character");
    expect(() => parseText("\udc00", "key", 9)).toThrow("key: must not contain half of a surrogate pair");
    expect(() => parseMetadata({ k: "\ud800" }, "metadata")).toThrow(
      "metadata: must not contain half of a surrogate pair",
    );
  });

  it("of metadata may speak of the NUL character without holding it", () => {
    expect(JSON.parse(parseMetadata({ key: "\\u0000" }, "metadata"))).toEqual({ key: "\\u0000" });
  });
});

describe("cutText", () => {
  it("does not halve a pair of surrogates", () => {
    expect(cutText("ab😀", 3)).toBe("ab");
    expect(cutText("ab😀", 4)).toBe("ab😀");
    expect(cutText("abc", 2)).toBe("ab");
  });
});
