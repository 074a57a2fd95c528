import { describe, expect, it } from "vitest";
import { createAuthenticate } from "./authenticate.js";
import { createStaticKeys } from "./static-keys.js";

const keys = createStaticKeys([
  { key: "flovyn_wk_test_1", orgId: "org-1", principalType: "Worker", principalId: "worker:test" },
  { key: "flovyn_sk_test_2", orgId: "org-2", principalType: "User", principalId: "api:test", role: "ADMIN" },
]);

describe("authentication by static key", () => {
  const check = createAuthenticate({ authenticators: [keys] });
  const authenticate = (authorization: string | undefined) => check({ authorization, address: "::1" });

  it("tells the principal and the org of a key", () => {
    expect(authenticate("Bearer flovyn_wk_test_1")).toEqual({
      orgId: "org-1",
      principalType: "Worker",
      principalId: "worker:test",
    });
    expect(authenticate("bearer flovyn_sk_test_2 ")).toMatchObject({ orgId: "org-2", role: "ADMIN" });
  });

  it.each([undefined, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", `Bearer ${"k".repeat(9000)}`])(
    "asks for a key when %j holds none",
    (authorization) => {
      expect(() => authenticate(authorization)).toThrow(
        expect.objectContaining({ code: "Unauthenticated", reason: "MISSING_CREDENTIALS" }),
      );
    },
  );

  it.each(["Bearer unknown", "Bearer flovyn_wk_test_", "Bearer flovyn_wk_test_11", "Bearer FLOVYN_WK_TEST_1"])(
    "refuses %j without repeating it",
    (authorization) => {
      expect(() => authenticate(authorization)).toThrow(
        expect.objectContaining({
          code: "Unauthenticated",
          reason: "INVALID_CREDENTIALS",
          message: "the key is not valid",
        }),
      );
    },
  );

  it("lets callers without a valid key in as the anonymous principal only when there is one", () => {
    const anonymous = { orgId: "org-1", principalType: "User", principalId: "anonymous" } as const;
    const check = createAuthenticate({ authenticators: [keys], anonymous });
    const open = (authorization: string | undefined) => check({ authorization, address: "::1" });
    expect(open(undefined)).toBe(anonymous);
    expect(open("Bearer fct_placeholder-1")).toBe(anonymous);
    expect(open("Bearer flovyn_sk_test_2")).toMatchObject({ orgId: "org-2" });
  });
});
