// Goal: a token whose times are no times is refused, whether its signature is looked at or not.
// Approach: each claim with each kind of value that JSON has, in the text itself, since a library would not write them.
import { loadConfig } from "@flovyn/runtime";
import { CompactSign } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { makeKey, type SigningKey } from "../../test/identity-provider.js";
import { silentLog } from "../../test/silent-log.js";
import { testBudgets } from "../../test/test-budgets.js";
import { createJwtAuthenticator } from "./jwt.js";

const { key_checks: checks } = testBudgets();

const nowSeconds = 1_800_000_000;
let key: SigningKey;

beforeAll(async () => {
  key = await makeKey("ed-1", "EdDSA");
});

/** Texts of JSON values that are not a time. */
const noTimes = [
  ...["1e308", "1e400", "-1e400", "-1e308", "1e16", "253402300800", "9007199254740993", "1800000300.5"],
  ...["-1", "-1800000300", "null", "true", '"1800000300"', '""', '"NaN"', '"1e308"', "[1800000300]", "{}", "[]"],
];

function authenticate(token: string, more: Record<string, unknown>) {
  const jwt = { issuer: "https://id.test", audience: "flovyn", ...more };
  const { auth } = loadConfig({ env: {}, overrides: { auth: { jwt } } });
  const config = auth.jwt ?? expect.fail();
  const now = () => nowSeconds * 1000;
  const made = createJwtAuthenticator({ config, findOrg: async () => "org", log: silentLog, now, checks });
  return Promise.resolve().then(() => made.authenticate(token, "::1"));
}

/** A token with this JSON text for one claim; an empty text leaves it out. */
function signed(claim: string, text: string): Promise<string> {
  const claims: Record<string, string> = { exp: String(nowSeconds + 300), nbf: String(nowSeconds), iat: "0" };
  claims[claim] = text;
  const times = Object.entries(claims)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `"${name}":${value}`);
  const payload = `{"iss":"https://id.test","aud":"flovyn","sub":"alice","org_id":"acme",${times.join(",")}}`;
  return new CompactSign(Buffer.from(payload)).setProtectedHeader({ alg: key.alg, kid: key.kid }).sign(key.privateKey);
}

const modes: [string, () => Record<string, unknown>][] = [
  ["verified", () => ({ jwks: JSON.stringify({ keys: [key.publicJwk] }) })],
  ["unverified", () => ({ skip_verification: true })],
];

describe.each(modes)("a token that is %s", (_name, mode) => {
  it.each(["exp", "nbf", "iat"])("is refused with an %s that is no time", async (claim) => {
    for (const text of noTimes) {
      const end = await authenticate(await signed(claim, text), mode()).catch((error: unknown) => error);
      expect([text, end]).toEqual([text, expect.objectContaining({ code: "Unauthenticated" })]);
    }
  });

  it("is refused without exp, and passes with whole seconds, without nbf or iat", async () => {
    await expect(authenticate(await signed("exp", ""), mode())).rejects.toMatchObject({ code: "Unauthenticated" });
    for (const [claim, text] of [
      ["nbf", ""],
      ["iat", ""],
      ["iat", String(nowSeconds)],
      ["exp", "253402300799"],
      ["exp", "18e8"],
    ] as const) {
      const caller = await authenticate(await signed(claim, text), mode()).catch((error: unknown) => error);
      expect([claim, text, caller]).toEqual([claim, text, expect.objectContaining({ principalId: "alice" })]);
    }
  });
});
