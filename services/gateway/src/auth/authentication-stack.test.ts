import { describe, expect, it } from "vitest";
import { silentLog } from "../../test/silent-log.js";
import type { Authenticator } from "./authenticate.js";
import { type AuthenticatorFactory, createAuthenticationStack } from "./authentication-stack.js";

const caller = (principalId: string) => ({ orgId: "org", principalType: "User", principalId }) as const;
const knows = (name: string, key: string): Authenticator => ({
  name,
  authenticate: (token) => (token === key ? caller(name) : undefined),
});
const factories: Record<string, AuthenticatorFactory> = {
  static_api_key: () => knows("static_api_key", "key"),
  jwt: () => knows("jwt", "token"),
  absent: () => undefined,
  broken: () => {
    throw new Error("the reason, with a secret");
  },
};
const usual = { http: ["static_api_key", "jwt"], grpc: ["static_api_key", "absent"] };

function stack(http?: string[], grpc?: string[], anonymous = false) {
  const endpoint = (authenticators: string[] | undefined) => ({
    authenticators,
    authorizer: "cedar",
    excludePaths: [],
  });
  return createAuthenticationStack({
    endpoints: { http: endpoint(http), grpc: endpoint(grpc) },
    ...{ factories, usual, log: silentLog, anonymous: anonymous ? caller("anonymous") : undefined },
  });
}

const ask = (door: ReturnType<typeof stack>["http"], key: string) =>
  Promise.resolve().then(() => door({ authorization: `Bearer ${key}`, address: "::1" }));

describe("the authenticators of the doors", () => {
  it("are those that are configured where a door names none", async () => {
    const { http, grpc, problems } = stack();
    expect(problems).toEqual([]);
    expect(await ask(http, "token")).toEqual(caller("jwt"));
    expect(await ask(grpc, "key")).toEqual(caller("static_api_key"));
    await expect(ask(grpc, "token")).rejects.toMatchObject({ code: "Unauthenticated" });
  });

  it("are those that a door names, each door by itself", async () => {
    const { http, grpc } = stack(["jwt"], ["static_api_key"]);
    await expect(ask(http, "key")).rejects.toMatchObject({ code: "Unauthenticated" });
    expect(await ask(http, "token")).toEqual(caller("jwt"));
    await expect(ask(grpc, "token")).rejects.toMatchObject({ code: "Unauthenticated" });
  });

  it.each([
    ["unknown", ["static_api_key", "oauth"], undefined],
    ["misspelt", undefined, ["static_api_keys"]],
    ["not configured", ["absent", "static_api_key"], undefined],
    ["broken", undefined, ["static_api_key", "broken"]],
  ])("pitfall 39: %s, close both doors to everybody", async (_name, http, grpc) => {
    for (const anonymous of [false, true]) {
      const closed = stack(http, grpc, anonymous);
      expect(closed.problems).toHaveLength(1);
      expect(closed.problems[0]).not.toContain("secret");
      for (const door of [closed.http, closed.grpc]) {
        for (const key of ["key", "token", ""]) {
          await expect(ask(door, key)).rejects.toMatchObject({ code: "Unauthenticated" });
        }
      }
    }
  });

  it("that fail while they are asked let nobody in", async () => {
    const failing: Authenticator = {
      name: "failing",
      authenticate: async () => {
        throw new Error("no connection to 10.0.0.1");
      },
    };
    const { http } = createAuthenticationStack({
      endpoints: { http: endpointOf(["failing"]), grpc: endpointOf(["failing"]) },
      factories: { failing: () => failing },
      ...{ usual, log: silentLog, anonymous: caller("anonymous") },
    });
    await expect(ask(http, "key")).rejects.toMatchObject({
      code: "Unauthenticated",
      message: "the key could not be checked",
    });
  });
});

function endpointOf(authenticators: string[]) {
  return { authenticators, authorizer: "cedar", excludePaths: [] };
}
