// Goal: a token is believed when a key of the provider signed it, for this audience, for now, and in no other case.
// Approach: an identity provider on a socket, whose keys change; tokens that are wrong in one thing each.
import { createHmac } from "node:crypto";
import { type JwtConfig, loadConfig } from "@flovyn/runtime";
import { exportSPKI, importJWK, type JWTPayload } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { IdentityProvider, makeKey, type SigningKey } from "../../test/identity-provider.js";
import { silentLog } from "../../test/silent-log.js";
import { testBudgets } from "../../test/test-budgets.js";
import { createJwtAuthenticator } from "./jwt.js";

const { key_checks: checks } = testBudgets();

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const acme = "0190a5c0-0000-7000-8000-000000000001";
const orgs: Readonly<Record<string, string>> = { acme, [acme]: acme };
const provider = new IdentityProvider();
let rsa: SigningKey;
let foreign: SigningKey;

beforeAll(async () => {
  await provider.start();
  rsa = await makeKey("rsa-1", "RS256");
  foreign = await makeKey("rsa-1", "RS256");
  provider.keys = [rsa, await makeKey("ec-1", "ES256"), await makeKey("ed-1", "EdDSA")];
});

afterAll(() => provider.stop());

function configOf(change: Record<string, unknown> = {}): JwtConfig {
  const jwt = { issuer: provider.issuer, audience: "flovyn", ...change };
  const { auth } = loadConfig({ env: {}, overrides: { auth: { jwt } } });
  if (auth.jwt === undefined) throw new Error("no configuration of tokens");
  return auth.jwt;
}

function authenticator(change: Record<string, unknown> = {}, clock = { now: () => Date.now() }) {
  const config = configOf(change);
  const findOrg = async (text: string) => orgs[text] ?? "";
  const made = createJwtAuthenticator({ config, findOrg, log: silentLog, now: clock.now, checks });
  return { authenticate: (token: string) => made.authenticate(token, "::1") };
}

const mine = (change: JWTPayload = {}) => provider.sign(rsa, { org_id: "acme", role: "ADMIN", ...change });
const invalid = { code: "Unauthenticated", reason: "INVALID_CREDENTIALS", message: "the key is not valid" };

async function expectInvalid(token: string, change: Record<string, unknown> = {}): Promise<void> {
  const answer = Promise.resolve().then(() => authenticator(change).authenticate(token));
  await expect(answer).rejects.toMatchObject(invalid);
}

describe("a valid token", () => {
  it("tells the principal, its org by slug or id, and its role", async () => {
    const alice = { orgId: acme, principalType: "User", principalId: "alice", role: "ADMIN" };
    expect(await authenticator().authenticate(await mine())).toEqual(alice);
    expect(await authenticator().authenticate(await mine({ org_id: acme, role: "viewer" }))).toEqual({
      ...alice,
      role: "VIEWER",
    });
    expect(await authenticator().authenticate(await mine({ role: undefined }))).toEqual({ ...alice, role: "MEMBER" });
    const roles = ["other", "Owner", "viewer"];
    expect(await authenticator().authenticate(await mine({ role: roles }))).toEqual({ ...alice, role: "OWNER" });
    expect(await authenticator().authenticate(await mine({ role: "boss" }))).toEqual({ ...alice, role: "UNKNOWN" });
  });

  it.each(["RS256", "ES256", "EdDSA"])("may be signed with %s", async (alg) => {
    const key = provider.keys.find((one) => one.alg === alg) as SigningKey;
    const token = await provider.sign(key, { org_id: "acme" });
    expect(await authenticator().authenticate(token)).toMatchObject({ principalId: "alice" });
  });

  it("may name the org below a path or under a name with dots, and be one of a worker", async () => {
    const nested = await mine({ org_id: undefined, org: { slug: "acme" } });
    expect(await authenticator({ org_claim: "org.slug" }).authenticate(nested)).toMatchObject({ orgId: acme });
    const dotted = await mine({ org_id: undefined, "https://acme.test/org": "acme" });
    const claims = { org_claim: "https://acme.test/org" };
    expect(await authenticator(claims).authenticate(dotted)).toMatchObject({ orgId: acme });
    const worker = await mine({ kind: "Worker", sub: "client-7" });
    expect(await authenticator({ principal_type_claim: "kind" }).authenticate(worker)).toEqual({
      ...{ orgId: acme, principalType: "Worker", principalId: "client-7" },
    });
    await expectInvalid(await mine({ kind: "Service" }), { principal_type_claim: "kind" });
  });

  it("is the same caller each time, without another question, until it is looked at again", async () => {
    let now = Date.now();
    const jwt = authenticator({}, { now: () => now });
    const token = await mine();
    const [one, other] = await Promise.all([jwt.authenticate(token), jwt.authenticate(token)]);
    expect(other).toBe(one);
    expect(jwt.authenticate(token)).toBe(one);
    now += 60_001;
    expect(jwt.authenticate(token)).toBeInstanceOf(Promise);
  });

  it("of no org is refused, or an operator's where the configuration says so", async () => {
    const token = await mine({ org_id: undefined, role: "operator" });
    await expectInvalid(token);
    await expectInvalid(await mine({ org_id: undefined, role: "OWNER" }), { without_org: "system" });
    await expectInvalid(token, { without_org: "system", principal_type: "Worker" });
    expect(await authenticator({ without_org: "system" }).authenticate(token)).toEqual({
      ...{ orgId: "", principalType: "User", principalId: "alice", role: "OPERATOR" },
    });
  });
});

describe("a token is refused", () => {
  const seconds = () => Math.floor(Date.now() / 1000);

  it.each<[string, () => JWTPayload]>([
    ["another issuer", () => ({ iss: "https://elsewhere.test" })],
    ["another audience", () => ({ aud: "other" })],
    ["no audience", () => ({ aud: undefined as never })],
    ["a time that has not come", () => ({ nbf: seconds() + 120 })],
    ["an issue in the future", () => ({ iat: seconds() + 120 })],
    ["no expiry", () => ({ exp: undefined as never })],
    ["no subject", () => ({ sub: undefined as never })],
    ["an empty subject", () => ({ sub: "" })],
    ["a subject with a line end", () => ({ sub: "a\nb" })],
    ["an unknown org", () => ({ org_id: "other" })],
    ["an org that is no text", () => ({ org_id: { id: acme } })],
    ["an empty org", () => ({ org_id: "" })],
  ])("with %s", async (_name, change) => {
    await expectInvalid(await mine(change()));
  });

  it("when it has expired, and says so, with a minute for clocks that differ", async () => {
    const expired = { code: "Unauthenticated", reason: "EXPIRED_CREDENTIALS" };
    const before = await mine({ exp: seconds() - 90 });
    await expect(Promise.resolve(authenticator().authenticate(before))).rejects.toMatchObject(expired);
    expect(await authenticator().authenticate(await mine({ exp: seconds() - 30 }))).toMatchObject({ orgId: acme });
  });

  it("when it expires while it is known", async () => {
    let now = Date.now();
    const jwt = authenticator({ clock_skew_seconds: 0 }, { now: () => now });
    const token = await mine({ exp: seconds() + 30 });
    await jwt.authenticate(token);
    now += 31_000;
    const expired = { reason: "EXPIRED_CREDENTIALS" };
    await expect(Promise.resolve(jwt.authenticate(token))).rejects.toMatchObject(expired);
  });

  it("signed by another key of the same name, or changed in any part", async () => {
    await expectInvalid(await provider.sign(foreign, { org_id: "acme" }));
    const [header, payload, signature] = (await mine()).split(".") as [string, string, string];
    const other = Buffer.from(JSON.stringify({ sub: "root", org_id: "acme" })).toString("base64url");
    await expectInvalid(`${header}.${other}.${signature}`);
    await expectInvalid(`${header}.${payload}.${signature.slice(0, -8)}`);
    await expectInvalid(`${header}.${payload}.`);
    await expectInvalid(`${header}.${payload.slice(0, -3)}.${signature}`);
  });

  it.each(["RS256", "ES256", "EdDSA"])("signed with %s and written otherwise for the same bytes", async (alg) => {
    const key = provider.keys.find((one) => one.alg === alg) as SigningKey;
    const parts = (await provider.sign(key, { org_id: "acme" })).split(".");
    const written = parts.flatMap((part, index) => {
      const bytes = Buffer.from(part, "base64url");
      return [...base64url]
        .map((last) => part.slice(0, -1) + last)
        .filter((other) => other !== part && Buffer.from(other, "base64url").equals(bytes))
        .map((other) => parts.with(index, other).join("."));
    });
    expect(written.length).toBeGreaterThanOrEqual(3);
    for (const token of written) await expectInvalid(token);
  });

  it("without a signature, and where the public key is taken for a shared secret", async () => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = { iss: provider.issuer, aud: "flovyn", sub: "root", exp: seconds() + 300, org_id: "acme" };
    for (const alg of ["none", "None", "NONE", ""]) await expectInvalid(`${part({ alg })}.${part(claims)}.`);
    const publicKey = (await importJWK(rsa.publicJwk, "RS256", { extractable: true })) as Parameters<
      typeof exportSPKI
    >[0];
    for (const secret of [await exportSPKI(publicKey), JSON.stringify(rsa.publicJwk), rsa.publicJwk.n ?? ""]) {
      const signed = `${part({ alg: "HS256", kid: rsa.kid })}.${part(claims)}`;
      await expectInvalid(`${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`);
    }
  });

  it("with an algorithm that the configuration does not name", async () => {
    await expectInvalid(await mine(), { algorithms: ["ES256"] });
  });

  it("with critical headers that nobody knows", async () => {
    const [, payload, signature] = (await mine()).split(".");
    const header = Buffer.from(JSON.stringify({ alg: "RS256", kid: rsa.kid, crit: ["x"], x: 1 })).toString("base64url");
    await expectInvalid(`${header}.${payload}.${signature}`);
  });
});

describe("other credentials", () => {
  it.each(["flovyn_sk_test_1", "fwt_0123456789", "eyJhbGciOiJub25lIn0", "a.b.c", "eyJ.eyJ", "eyJ .a.b"])(
    "such as %s are left to others",
    (token) => {
      expect(authenticator().authenticate(token)).toBeUndefined();
    },
  );
});

describe("keys", () => {
  it("that the provider adds are found by their id", async () => {
    let now = Date.now();
    const jwt = authenticator({ jwks_uri: `${provider.issuer}/keys` }, { now: () => now });
    await jwt.authenticate(await mine());
    const before = provider.keys;
    const added = await makeKey("rsa-2", "RS256");
    provider.keys = [...before, added];
    const token = await provider.sign(added, { org_id: "acme" });
    // The provider is asked again for an unknown key, but not at once for each token that names one.
    const asked = provider.keyRequests;
    for (let n = 0; n < 5; n++) await Promise.resolve(jwt.authenticate(token)).catch(() => {});
    expect(provider.keyRequests - asked).toBeLessThanOrEqual(1);
    now += 1;
    expect(await authenticator().authenticate(token)).toMatchObject({ orgId: acme });
    provider.keys = before;
    await expectInvalid(token);
  });

  it("may stand in the configuration", async () => {
    const jwks = JSON.stringify({ keys: [rsa.publicJwk] });
    expect(await authenticator({ jwks, issuer: provider.issuer }).authenticate(await mine())).toMatchObject({
      principalId: "alice",
    });
    expect(() => authenticator({ jwks: "{" })).toThrow(SyntaxError);
  });

  it("that are out of reach let nobody in, and are asked for again", async () => {
    let now = Date.now();
    const jwt = authenticator({ jwks_uri: `${provider.issuer}/keys` }, { now: () => now });
    const token = await mine();
    provider.failing = true;
    const asked = provider.keyRequests;
    for (let n = 0; n < 5; n++) {
      await expect(Promise.resolve(jwt.authenticate(token))).rejects.toMatchObject({ code: "Unavailable" });
    }
    // A provider that failed is left alone for a second.
    expect(provider.keyRequests).toBe(asked + 1);
    provider.failing = false;
    now += 1000;
    expect(await jwt.authenticate(token)).toMatchObject({ principalId: "alice" });
  });

  it("of another issuer than the one that describes itself are not taken", async () => {
    provider.description = { issuer: "https://elsewhere.test" };
    await expect(Promise.resolve(authenticator().authenticate(await mine()))).rejects.toMatchObject({
      code: "Unavailable",
    });
    provider.description = {};
  });
});

describe("new tokens", () => {
  it("of one address that wait for an answer leave room for those of another", async () => {
    let answer = (_orgId: string): void => {};
    const answered = new Promise<string>((resolve) => {
      answer = resolve;
    });
    const { key_checks: few } = testBudgets({ key_checks: { address: 5 } });
    const jwt = createJwtAuthenticator({
      ...{ config: configOf(), log: silentLog, now: () => Date.now(), checks: few },
      findOrg: () => answered,
    });
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, n) => mine({ sub: `caller-${n}` })));
    const authenticate = (token: string, address: string) =>
      Promise.resolve().then(() => jwt.authenticate(token, address));
    const fromOne = tokens.slice(1).map((token) => authenticate(token, "10.0.0.1"));
    const other = authenticate(tokens[0] ?? "", "10.0.0.2");
    const ended = Promise.allSettled(fromOne);
    const limited = { code: "LimitExceeded", reason: "BUDGET_EXCEEDED" };
    await expect(fromOne.at(-1)).rejects.toMatchObject(limited);
    answer(acme);
    expect(await other).toMatchObject({ principalId: "caller-0" });
    const ends = await ended;
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(5);
  });
});

describe("without verification", () => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const unsigned = (claims: object) => `${part({ alg: "HS256" })}.${part(claims)}.c2ln`;
  const skip = { issuer: undefined, audience: undefined, skip_verification: true };
  const later = () => Math.floor(Date.now() / 1000) + 300;

  it("believes whoever wrote the token, for as long as it says", async () => {
    const claims = { sub: "test", id: "test", email: "t@test", iss: "http://localhost:3000", exp: later() };
    expect(await authenticator(skip).authenticate(unsigned(claims))).toEqual({
      ...{ orgId: "", principalType: "User", principalId: "test", role: "OPERATOR" },
    });
    expect(await authenticator(skip).authenticate(unsigned({ ...claims, org_id: "acme" }))).toMatchObject({
      orgId: acme,
    });
    for (const exp of [undefined, 1, "later"]) {
      const refused = Promise.resolve(authenticator(skip).authenticate(unsigned({ ...claims, exp })));
      await expect(refused).rejects.toMatchObject({ code: "Unauthenticated" });
    }
  });

  it("still wants the structure of a token", async () => {
    await expectInvalid(`${part({ alg: "HS256" })}.bm8.c2ln`, skip);
    await expectInvalid(`eyJ9.${part({ sub: "a", exp: later() })}.c2ln`, skip);
  });
});
