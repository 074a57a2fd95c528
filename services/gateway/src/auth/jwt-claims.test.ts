// Goal: a claim names a role, a type of principal or an operator in its own letters, or it names none.
// Approach: everything that some folding of case, normal form or conversion to text turns into one of them.
import { loadConfig } from "@flovyn/runtime";
import type { JWTPayload } from "jose";
import { describe, expect, it } from "vitest";
import { readClaims } from "./jwt-claims.js";

const names = ["OWNER", "ADMIN", "MEMBER", "VIEWER", "OPERATOR"];
const types = ["User", "Worker"];

/** Letters that stand for an ASCII one after folding, normalisation, or to the eye. */
const lookAlikes: readonly string[] = Array.from({ length: 0x1_ffff }, (_, code) => code + 0x80)
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCodePoint(code))
  .filter((letter) => foldings(letter).some((folded) => /^[A-Za-z]+$/.test(folded)));

function foldings(letter: string): string[] {
  return [
    ...[letter.toUpperCase(), letter.toLowerCase(), letter.normalize("NFKC"), letter.normalize("NFKD")],
    ...[
      letter.normalize("NFKD").replace(/\p{M}/gu, ""),
      letter.toLocaleUpperCase("tr"),
      letter.toLocaleLowerCase("tr"),
    ],
  ];
}

/** The name with one letter after the other taken by each that folds into it. */
function disguises(name: string): string[] {
  return [...name].flatMap((letter, at) =>
    lookAlikes
      .filter((other) => foldings(other).some((folded) => folded.toUpperCase() === letter.toUpperCase()))
      .map((other) => name.slice(0, at) + other + name.slice(at + 1)),
  );
}

function around(name: string): unknown[] {
  const texts = [
    ` ${name}`,
    `${name} `,
    `${name}\n`,
    `${name}\u0000`,
    `\ufeff${name}`,
    `${name}\u200b`,
    `${name}\u0301`,
  ];
  return [
    ...[...texts, ...disguises(name)],
    ...[[[name]], [[[name]]], { 0: name, length: 1 }, { role: name }, [{ toString: name }], { name }, [[]]],
  ];
}

function claimsOf(payload: JWTPayload, change: Record<string, unknown> = {}) {
  const jwt = { issuer: "https://id.test", audience: "flovyn", ...change };
  const { auth } = loadConfig({ env: {}, overrides: { auth: { jwt } } });
  if (auth.jwt === undefined) return expect.fail();
  return (more: JWTPayload) => readClaims({ sub: "alice", exp: 2_000_000_000, ...payload, ...more }, auth.jwt as never);
}

describe("a role claim", () => {
  const read = claimsOf({});

  it("has look-alikes to be tried with", () => {
    for (const letter of ["ı", "ſ", "\u212a", "ａ", "Ａ", "𝐀", "ⓐ"]) expect(lookAlikes).toContain(letter);
    for (const name of names) expect(disguises(name).length).toBeGreaterThan(50);
  });

  it.each(names)("that only resembles %s names no role", (name) => {
    for (const role of [...around(name), ...around(name.toLowerCase())]) {
      expect([role, read({ role })]).toEqual([role, expect.objectContaining({ role: "UNKNOWN", isOperator: false })]);
    }
  });

  it.each([0, 1, true, false, {}, [], [1], [null], "", [""]])("of %j names no role", (role) => {
    expect(read({ role })).toMatchObject({ role: "UNKNOWN", isOperator: false });
  });

  it.each(names)("that is %s, in any case, or a list of texts with it, names it", (name) => {
    const wanted = name === "OPERATOR" ? { role: "UNKNOWN", isOperator: true } : { role: name, isOperator: false };
    const mixed = name.slice(0, 2) + name.slice(2).toLowerCase();
    for (const role of [name, name.toLowerCase(), mixed, [name], ["other", name], [name, ["OWNER"], 5]]) {
      expect(read({ role })).toMatchObject(wanted);
    }
  });

  it("that is missing or null means the default role", () => {
    expect([read({}).role, read({ role: null }).role]).toEqual(["MEMBER", "MEMBER"]);
  });
});

describe("a claim of the type of principal", () => {
  const read = claimsOf({}, { principal_type_claim: "kind" });

  it.each(types)("is %s to the letter, or the token is refused", (name) => {
    expect(read({ kind: name }).principalType).toBe(name);
    for (const kind of [...around(name), name.toLowerCase(), name.toUpperCase(), [name], 0, {}]) {
      expect(() => read({ kind })).toThrow("the key is not valid");
    }
  });
});
