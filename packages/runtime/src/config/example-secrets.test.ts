/**
 * Goal: a server that serves others is never guarded by a text that is printed somewhere.
 * Approach: take everything that stands in the place of a secret in the documents, and refuse it at every setting.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { devSecretPrefixes, exampleSecrets, findExampleSecrets, weaknessOf } from "./example-secrets.js";
import { loadConfig } from "./load-config.js";

const root = new URL("../../../..", import.meta.url).pathname;
const texts = /\.(md|toml|ya?ml|env|json|conf)$/;

const documents = [
  "README.md",
  "packages/sdk/README.md",
  ...["docs", "deploy"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .map((file) => join(folder, String(file)))
      .filter((file) => texts.test(file)),
  ),
];

/** Where a secret stands: a setting with its value, a variable of the environment, the password of an address. */
const places = [
  /\bkey\s*=\s*"([^"$]+)"/gi,
  /\b(?:secret|password|token)\s*[=:]\s*"([^"$]+)"/gi,
  /\b[A-Z_]*(?:KEY|SECRET|PASSWORD|TOKEN)=["']?([^\s"'$()]+)/g,
  /\w+:\/\/[^\s:@/'"`]+:([^\s@/'"`]+)@/g,
];

/** Values that open nothing: names of settings, values that are cut off, answers that are shown. */
const noSecrets = [/^[\w-]*\[?…/, /…$/, /^password$/, /^flovyn_[so]k_…/];

const written = documents.flatMap((file) => {
  const text = readFileSync(join(root, file), "utf8");
  return places
    .flatMap((place) => [...text.matchAll(place)].map(([, value = ""]) => value))
    .filter((value) => !noSecrets.some((form) => form.test(value)))
    .map((value) => ({ file, value }));
});

describe("secrets in the documents", () => {
  it("are found", () => {
    expect(written.length).toBeGreaterThan(8);
  });

  it.each(written)("$value of $file is refused as a secret", ({ value }) => {
    expect(weaknessOf(value)).toContain("example");
  });

  it("are all that the list holds", () => {
    expect([...new Set(written.map(({ value }) => value))].sort()).toEqual([...exampleSecrets].sort());
  });
});

const org = { id: "0190a5c0-0000-7000-8000-000000000001", name: "A", slug: "a" };

/** Each setting that holds a secret, with one in it. */
const settings: [name: string, overrides: (secret: string) => Record<string, unknown>][] = [
  [
    "auth.static_api_key.keys[0].key",
    (key) => ({
      orgs: [org],
      auth: { static_api_key: { keys: [{ key, org_id: org.id, principal_type: "User", principal_id: "u" }] } },
    }),
  ],
  ["auth.worker_token.secret", (secret) => ({ auth: { worker_token: { secret } } })],
  ["auth.worker_token.secrets[0].secret", (secret) => ({ auth: { worker_token: { secrets: [{ id: "a", secret }] } } })],
  [
    "auth.promise_token.secrets[0].secret",
    (secret) => ({ auth: { promise_token: { secrets: [{ id: "a", secret }] } } }),
  ],
  ["database_url", (secret) => ({ database_url: `postgres://flovyn:${encodeURIComponent(secret)}@db/flovyn` })],
  ["nats.password", (password) => ({ nats: { user: "flovyn", password } })],
  ["nats.token", (token) => ({ nats: { token } })],
  ["nats.url", (secret) => ({ nats: { url: `nats://a:4222,tls://flovyn:${encodeURIComponent(secret)}@b:4222` } })],
  ["nats.url", (secret) => ({ nats: { url: `nats://${encodeURIComponent(secret)}@b:4222` } })],
];

/** Long enough for every setting. */
const known = [
  "change me: the output of openssl rand -base64 48",
  "CHANGE_ME_change_me_change_me_change_me",
  "changeme1234567890123456789012345678",
  "please_change_me_before_you_serve_others",
  `${devSecretPrefixes.secret}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`,
  `${devSecretPrefixes.apiKey}aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`,
];

describe("a configuration", () => {
  it.each(settings)("with a known secret at %s is named by the setting, without the secret", (name, overrides) => {
    for (const secret of known) {
      const found = findExampleSecrets(loadConfig({ env: {}, overrides: overrides(secret) }));
      expect([secret, found]).toEqual([secret, [expect.stringMatching(/^[\w.[\]]+: (is an example|was made by)/)]]);
      expect(found[0]?.startsWith(`${name}: `)).toBe(true);
      expect(found.join()).not.toContain(secret);
    }
  });

  it.each(settings)("with a secret of its own at %s is in order", (_name, overrides) => {
    const secret = "q7Zr0pXn4kT2vWm8yB5cL1sD9fG6hJ3aQeRtYuIoPzXcVbNm";
    expect(findExampleSecrets(loadConfig({ env: {}, overrides: overrides(secret) }))).toEqual([]);
  });

  it("as the harnesses of existing clients write it is in order", () => {
    for (const secret of ["flovyn", "flovyn_sk_test_1", "flovyn_wk_test_1"]) expect(weaknessOf(secret)).toBeUndefined();
  });
});
