/** The scanner is compared with JSON.parse: on documents, on documents with a few bytes changed, and on text made of JSON's marks. */
import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type MemberPlace, scanJson } from "./json-scan.js";

const ofText = (text: string) => scanJson(Buffer.from(text));

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function depthOf(value: unknown): number {
  if (value === null || typeof value !== "object") return 0;
  return 1 + Object.values(value).reduce((deepest: number, one) => Math.max(deepest, depthOf(one)), 0);
}

/** Agreement about one text; of duplicate keys JSON.parse keeps one, so depth is compared where there are none. */
function expectAgreement(text: string, options: { depth: boolean }): void {
  const scan = ofText(text);
  const expected = parsed(text);
  expect(scan.isJson, JSON.stringify(text)).toBe(expected !== undefined);
  if (scan.isJson && options.depth) expect(scan.depth).toBe(depthOf(expected?.value));
}

describe("the JSON scanner", () => {
  it.each([
    ["0", 0],
    ["-1.50e+10", 0],
    ['"\\u0000\\ud800\\/ \u2028 \u{1f600}"', 0],
    [" null ", 0],
    ["[]", 1],
    ["{}", 1],
    ['{"a":[{"b":{}}],"c":[]}', 4],
    ["[[],[[]],[]]", 3],
  ])("takes %j, which is nested %d levels deep", (text, depth) => {
    expect(ofText(text)).toEqual({ isJson: true, depth });
  });

  it.each([
    ["", 0],
    ["  ", 2],
    ["{", 1],
    ["[1,]", 3],
    ['{"a":1,}', 7],
    ['{"a" 1}', 5],
    ["[1}", 2],
    ["1 2", 2],
    ["01", 1],
    ["-", 1],
    ["1.", 2],
    ["1e+", 3],
    ["tru", 3],
    ['"a', 2],
    ['"\\x"', 2],
    ['"\\u12g4"', 5],
    ['"\n"', 1],
    ["\ufeff1", 0],
    ["{1:2}", 1],
    ["NaN", 0],
  ])("refuses %j at byte %d", (text, position) => {
    expect(ofText(text)).toEqual({ isJson: false, position });
  });

  it("counts millions of levels, and knows objects from arrays at each of them", () => {
    const levels = 2_000_000;
    expect(ofText(`${"[".repeat(levels)}${"]".repeat(levels)}`)).toEqual({ isJson: true, depth: levels });
    expect(ofText("[".repeat(levels))).toEqual({ isJson: false, position: levels });
    const mixed = '[{"":'.repeat(50_000);
    expect(ofText(`${mixed}1${"}]".repeat(50_000)}`)).toEqual({ isJson: true, depth: 100_000 });
    expect(ofText(`${mixed}1${"}]".repeat(49_999)}]}`).isJson).toBe(false);
  });

  it("agrees with JSON.parse on every document, however it is indented", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 3 }), (value, indent) => {
        expectAgreement(JSON.stringify(value, null, indent), { depth: true });
      }),
      { numRuns: 2_000 },
    );
  });

  it("agrees with JSON.parse on documents of which some bytes were changed", () => {
    const bytes = fc.constantFrom(...Buffer.from(' \n\t\0{}[]",:\\/-+.0159eEuabfnrtsl\u007f'));
    const change = fc.record({ at: fc.nat(), length: fc.integer({ min: 0, max: 2 }), put: fc.array(bytes) });
    fc.assert(
      fc.property(fc.json(), fc.array(change, { minLength: 1, maxLength: 3 }), (text, changes) => {
        let changed = Buffer.from(text);
        for (const { at, length, put } of changes) {
          const start = at % (changed.length + 1);
          changed = Buffer.concat([changed.subarray(0, start), Buffer.from(put), changed.subarray(start + length)]);
        }
        if (isUtf8(changed)) expectAgreement(changed.toString(), { depth: false });
      }),
      { numRuns: 10_000 },
    );
  });

  it("agrees with JSON.parse on text that is made of the marks of JSON", () => {
    const piece = fc.constantFrom(
      ...["{", "}", "[", "]", '"', ":", ",", " ", '"a":', '"b"', "\\", "\\u00e9", "-", "0", "12", ".5", "e3", "E-1"],
      ...["true", "false", "null", "\t", "\u00e9"],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        expectAgreement(pieces.join(""), { depth: false });
      }),
      { numRuns: 20_000 },
    );
  });

  it("gives the members of the outermost object with their places and depths", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.integer({ min: 0, max: 2 }), (value, indent) => {
        const bytes = Buffer.from(` ${JSON.stringify(value, null, indent)} `);
        const places: MemberPlace[] = [];
        scanJson(bytes, (place) => places.push(place));
        const text = (start: number, end: number) => JSON.parse(bytes.subarray(start, end).toString()) as unknown;
        const expected = JSON.parse(bytes.toString()) as Record<string, unknown>;
        const members = places.map((place) => [text(place.keyStart, place.keyEnd), text(place.start, place.end)]);
        expect(members).toEqual(Object.entries(expected));
        expect(places.map(({ depth }) => depth)).toEqual(Object.values(expected).map(depthOf));
      }),
    );
  });

  it("gives no members of arrays and of inner objects", () => {
    const keys: string[] = [];
    const text = Buffer.from('[{"a":1}]');
    scanJson(text, ({ keyStart, keyEnd }) => keys.push(text.subarray(keyStart, keyEnd).toString()));
    expect(keys).toEqual([]);
  });
});
