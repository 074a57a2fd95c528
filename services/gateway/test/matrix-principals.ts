import { createHmac } from "node:crypto";
import type { Principal } from "@flovyn/authz";
import { newId } from "@flovyn/domain";
import { CheckWorkerTokensResponse, FindWorkerTokensRequest, FindWorkerTokensResponse } from "@flovyn/proto/internal";
import type { FlovynConfig } from "@flovyn/runtime";
import { makeWorkerToken } from "../src/auth/worker-token-text.js";
import type { FakeServices } from "./fake-services.js";
import { org, testConfig } from "./gateway-harness.js";
import { IdentityProvider, makeKey } from "./identity-provider.js";

/** Somebody at a door. */
export interface Identity {
  /** Empty for a call without any. */
  credential: string;
  /** Who that is; undefined for a credential that is not valid. */
  principal: Principal | undefined;
  /** Doors at which the credential counts: worker tokens are for workers, who speak gRPC. */
  doors: readonly ("grpc" | "http")[];
}

const roles = ["OWNER", "ADMIN", "MEMBER", "VIEWER", "BOSS"] as const;
const both = ["grpc", "http"] as const;
const secret = "a secret of this test, of 32 bytes and more";

/** Every kind of principal by every kind of credential, and credentials that are none. */
export class MatrixPrincipals {
  readonly #provider = new IdentityProvider();
  readonly #token = { id: newId(), text: makeWorkerToken() };
  readonly identities = new Map<string, Identity>();

  /** The configuration of a gateway that knows them. */
  async start(): Promise<FlovynConfig> {
    await this.#provider.start();
    const keys = this.#staticKeys();
    await this.#tokensOfProvider();
    this.identities.set("worker token", {
      ...{ credential: this.#token.text, doors: ["grpc"] },
      principal: { orgId: org.id, principalType: "Worker", principalId: `token:${this.#token.id}` },
    });
    const nobody = { no: "", wrong: "flovyn_sk_wrong", "unknown worker token": makeWorkerToken() };
    for (const [name, credential] of Object.entries(nobody)) {
      this.identities.set(`${name} key`, { credential, principal: undefined, doors: both });
    }
    const jwt = {
      issuer: this.#provider.issuer,
      audience: "flovyn",
      without_org: "system",
      principal_type_claim: "kind",
    };
    const worker_token = { secrets: [{ id: "a", secret }] };
    return testConfig({
      auth: { enabled: true, static_api_key: { keys }, jwt, worker_token },
      limits: { failures_per_minute: 0 },
    });
  }

  stop(): Promise<void> {
    return this.#provider.stop();
  }

  /** Dispatch knows the worker token. */
  answer(services: FakeServices): void {
    const { id, text } = this.#token;
    const hash = createHmac("sha256", secret).update(text).digest();
    services.answer("internal/FindWorkerTokens", ({ payload }) => {
      const { prefixes } = FindWorkerTokensRequest.decode(payload);
      const candidate = { id, orgId: org.id, hash, secretId: "a", expiresAtMs: undefined, prefix: text.slice(0, 16) };
      return FindWorkerTokensResponse.encode({
        candidates: [candidate].filter(({ prefix }) => prefixes.includes(prefix)),
      }).finish();
    });
    services.answer("internal/CheckWorkerTokens", CheckWorkerTokensResponse.encode({ invalidIds: [] }).finish());
  }

  #staticKeys(): unknown[] {
    const keys = [
      ...roles.map((role) => ({ principal_id: role, org_id: org.id, principal_type: "User", role })),
      { principal_id: "WORKER", org_id: org.id, principal_type: "Worker" },
      { principal_id: "OPERATOR", principal_type: "User", role: "OPERATOR" },
    ].map((key) => ({ ...key, key: `flovyn_test_key_of_${key.principal_id.toLowerCase()}` }));
    for (const { key, principal_id: principalId, principal_type, ...rest } of keys) {
      const principalType = principal_type as "User" | "Worker";
      const orgId = "org_id" in rest ? rest.org_id : "";
      const role = "role" in rest ? { role: rest.role } : {};
      this.identities.set(principalId, {
        ...{ credential: key, doors: both },
        principal: { orgId, principalType, principalId, ...role },
      });
    }
    return keys;
  }

  async #tokensOfProvider(): Promise<void> {
    const [known, unknown] = [await makeKey("known", "ES256"), await makeKey("unknown", "ES256")];
    this.#provider.keys = [known];
    const own = { org_id: "acme" };
    const expired = { exp: Math.floor(Date.now() / 1000) - 120 };
    const tokens: [name: string, claims: Record<string, unknown>, principal: Partial<Principal> | undefined][] = [
      ...roles.map((role): [string, Record<string, unknown>, Partial<Principal>] => [
        role,
        { ...own, role },
        { role: role === "BOSS" ? "UNKNOWN" : role },
      ]),
      ["without a role", own, { role: "MEMBER" }],
      ["of a worker", { ...own, kind: "Worker" }, { principalType: "Worker" }],
      ["of an operator", { role: "OPERATOR" }, { orgId: "", role: "OPERATOR" }],
      ["that has expired", { ...own, ...expired, role: "OWNER" }, undefined],
      ["of no org", { role: "OWNER" }, undefined],
      ["of an org that is missing", { org_id: "nobody", role: "OWNER" }, undefined],
      ["for somebody else", { ...own, aud: "other", role: "OWNER" }, undefined],
    ];
    for (const [name, claims, principal] of tokens) {
      this.identities.set(`token ${name}`, {
        ...{ credential: await this.#provider.sign(known, { sub: "alice", ...claims }), doors: both },
        principal: principal && { orgId: org.id, principalType: "User", principalId: "alice", ...principal },
      });
    }
    const forged = await this.#provider.sign(unknown, { ...own, role: "OWNER" }, { kid: "known" });
    this.identities.set("token that is forged", { credential: forged, principal: undefined, doors: both });
  }
}
