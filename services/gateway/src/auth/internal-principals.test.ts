// Goal: nothing that comes from outside is taken for a caller that the server makes up: policies, records, limits and the
// audit log know callers by their ids.
// Approach: the ids of all of those callers, claimed by tokens of an identity provider and by keys of the configuration.
import { promiseTokenId } from "@flovyn/authz";
import { isReservedPrincipalId, tokenPrincipalPrefix } from "@flovyn/domain";
import { ConfigError, loadConfig } from "@flovyn/runtime";
import { SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { makeKey, type SigningKey } from "../../test/identity-provider.js";
import { silentLog } from "../../test/silent-log.js";
import { testBudgets } from "../../test/test-budgets.js";
import { anonymousCaller } from "../config.js";
import { gatewayCaller } from "./gateway-caller.js";
import { createJwtAuthenticator } from "./jwt.js";

const { key_checks: checks } = testBudgets();

const org = { id: "0190a5c0-0000-7000-8000-000000000001", name: "Acme", slug: "acme", tier: "FREE" };
const open = loadConfig({ env: {}, overrides: { orgs: [org], auth: { enabled: false } } });
const internalIds = [
  promiseTokenId,
  gatewayCaller("").principalId,
  anonymousCaller(open)?.principalId ?? "",
  `${tokenPrincipalPrefix}0190a5c0-0000-7000-8000-0000000000aa`,
];
const spelt = internalIds.flatMap((id) => [id, id.toUpperCase(), ` ${id}`]);
let key: SigningKey;

beforeAll(async () => {
  key = await makeKey("k", "EdDSA");
});

describe("the id of a caller that the server makes up", () => {
  it.each(internalIds)("%s is reserved", (id) => {
    expect(isReservedPrincipalId(id)).toBe(true);
  });

  it.each(spelt)("%j is refused as the subject of a token, whatever kind its bearer is", async (sub) => {
    for (const kind of ["User", "Worker"]) {
      const token = await new SignJWT({ sub, kind, org_id: "acme", aud: "flovyn", iss: "https://id.test" })
        .setProtectedHeader({ alg: "EdDSA", kid: "k" })
        .setExpirationTime("5m")
        .sign(key.privateKey);
      const jwks = JSON.stringify({ keys: [key.publicJwk] });
      const jwt = { issuer: "https://id.test", audience: "flovyn", principal_type_claim: "kind", jwks };
      const config = loadConfig({ env: {}, overrides: { auth: { jwt } } }).auth.jwt ?? expect.fail();
      const made = createJwtAuthenticator({
        config,
        findOrg: async () => org.id,
        log: silentLog,
        now: Date.now,
        checks,
      });
      const end = Promise.resolve(made.authenticate(token, "::1"));
      await expect(end).rejects.toMatchObject({ code: "Unauthenticated", reason: "INVALID_CREDENTIALS" });
    }
  });

  it.each(spelt)("%j stops the start as the name of a key of the configuration", (principal_id) => {
    for (const principal_type of ["User", "Worker"]) {
      const keys = [{ key: "flovyn_key_test_1", org_id: org.id, principal_type, principal_id }];
      const load = () => loadConfig({ env: {}, overrides: { orgs: [org], auth: { static_api_key: { keys } } } });
      expect(load).toThrow(ConfigError);
      expect(load).toThrow("auth.static_api_key.keys[0].principal_id: must not begin with flovyn: or token:");
    }
  });
});
