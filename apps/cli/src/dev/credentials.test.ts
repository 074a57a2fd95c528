import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findExampleSecrets, loadConfig } from "@flovyn/runtime";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { devConfig, devCredentials } from "./credentials.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "flovyn-credentials-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

describe("development credentials", () => {
  it("are made once, for their owner alone, and make a valid configuration", () => {
    const dataDir = join(folder, "data");
    const made = devCredentials(dataDir);
    expect(devCredentials(dataDir)).toEqual(made);
    expect(statSync(join(dataDir, "credentials.json")).mode & 0o777).toBe(0o600);
    const { auth, orgs } = loadConfig({ env: {}, overrides: devConfig(made) });
    expect(orgs).toMatchObject([{ id: made.orgId, slug: "dev" }]);
    expect(auth.staticApiKey.keys.map(({ key }) => key)).toEqual([made.apiKey, made.workerToken, made.operatorKey]);
    expect(auth.promiseToken.secrets).toEqual([{ id: "dev", secret: made.promiseTokenSecret }]);
  });

  it("are known as such, every one of them", () => {
    const config = loadConfig({ env: {}, overrides: devConfig(devCredentials(join(folder, "data"))) });
    const key = (n: number) => `auth.static_api_key.keys[${n}].key`;
    expect(findExampleSecrets(config).map((problem) => problem.split(":")[0])).toEqual([
      ...[key(0), key(1), key(2)],
      "auth.worker_token.secret",
      "auth.promise_token.secrets[0].secret",
    ]);
  });

  it("keep what an older version wrote and add what it lacks", () => {
    const file = join(folder, "credentials.json");
    const older = { orgId: "0190a5c0-0000-7000-8000-000000000001", orgSlug: "dev", apiKey: "a", workerToken: "w" };
    writeFileSync(file, JSON.stringify(older), { mode: 0o644 });
    const credentials = devCredentials(folder);
    expect(credentials).toMatchObject(older);
    expect(credentials.promiseTokenSecret).toMatch(/^flovyn_dev_[\w-]{32}$/);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(credentials);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});
