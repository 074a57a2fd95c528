/** Goal: the commands that manage organizations and worker tokens, as people type them, against a cluster. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workspaceRoot } from "@flovyn/testing";
import { status } from "@grpc/grpc-js";
import { afterAll, describe, expect, test } from "vitest";
import { accessToml, operatorKey } from "../src/index.js";
import { SMALL, useCluster } from "./use-cluster.js";

const use = useCluster({ replicas: SMALL, toml: accessToml });
const folder = mkdtempSync(join(tmpdir(), "flovyn-commands-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  code: number;
  out: string;
  err: string;
}

function flovyn(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const inherited = { ...process.env, CONFIG_FILE: undefined, ...env };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(workspaceRoot(), "bin", "flovyn"), ...args],
      { env: inherited },
      (error, out, err) => {
        const code = error === null ? 0 : Number(error.code ?? 1);
        resolve({ code, out: out.trim(), err: err.trim() });
      },
    );
  });
}

const call = (key: string, args: string[]) =>
  flovyn(args, {
    FLOVYN_HTTP_URL: use.cluster.replica("gateway", 0).httpUrl,
    FLOVYN_API_KEY: key,
    FLOVYN_ORG: use.cluster.org.slug,
  });

/** As an ADMIN of the organization. */
const admin = (...args: string[]) => call(use.cluster.org.userKey, args);
/** As an operator of the cluster. */
const operator = (...args: string[]) => call(operatorKey, args);

test.each([["--help"], ["-h"], ["help"], ["org --help"], ["token create -h"]])(
  "flovyn %s says what there is",
  async (line) => {
    const { code, out } = await flovyn(line.split(" "));
    expect([code, out]).toEqual([0, expect.stringContaining("Usage: flovyn")]);
  },
);

describe("flovyn token", () => {
  test("makes a token that works, lists it, and revokes it", async () => {
    const made = await admin("token", "create", "from the command line", "--expires-in", "1d");
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^fwt_[0-9A-Za-z]{43}$/) });
    const client = use.client(0, { token: made.out });
    await client.startWorkflow({ workflowKind: "k", queue: "commands" });
    const listed = JSON.parse((await admin("token", "list", "--json")).out);
    const [token] = listed.filter((one: { prefix: string }) => one.prefix === made.out.slice(0, 16));
    expect(token).toMatchObject({ displayName: "from the command line", createdBy: "api:test", revokedAt: null });
    expect((await admin("token", "list")).out).toContain(token.id);
    // An operator takes credentials away, and makes none.
    const refused = { code: 1, err: expect.stringContaining("403: the key does not allow createWorkerToken") };
    expect(await operator("token", "create", "another")).toMatchObject(refused);
    expect(await operator("token", "revoke", token.id)).toMatchObject({ code: 0, out: `revoked ${token.id}` });
    expect(await admin("token", "revoke", token.id)).toMatchObject({ code: 0, out: `revoked ${token.id}` });
    await expect(client.startWorkflow({ workflowKind: "k", queue: "commands" })).rejects.toMatchObject({
      code: status.UNAUTHENTICATED,
    });
  });

  test.each([
    [["token", "crate"], 2, /unknown command 'crate'\s+\(Did you mean create\?\)/],
    [["token", "create", "a", "--expires-in", "soon"], 2, /--expires-in must be a number/],
    [["token", "revoke", "nothing"], 1, /400: id: must be a UUID/],
    [["token", "list", "--org", "nobody"], 1, /404: .*no such org/],
    [["token", "list", "--key", "wrong"], 1, /401: the key is not valid/],
    [["token", "list", "--nonsense"], 2, /nonsense/],
  ])("%j says what is wrong", async (args, code, text) => {
    expect(await admin(...args)).toMatchObject({ code, err: expect.stringMatching(text) });
  });
});

describe("flovyn org", () => {
  test("creates organizations and lists them", async () => {
    const made = JSON.parse((await operator("org", "create", "from-cli", "--name", "From the CLI", "--json")).out);
    expect(made).toMatchObject({ slug: "from-cli", name: "From the CLI", tier: "FREE" });
    expect((await operator("org", "list")).out).toMatch(new RegExp(`${made.id} +from-cli +FREE`));
    expect(await operator("org", "create", "from-cli")).toMatchObject({
      code: 1,
      err: expect.stringContaining("409: slug"),
    });
  });
});

describe("flovyn auth", () => {
  const explain = (...args: string[]) => flovyn(["auth", "explain", ...args]);

  test("explains who decides, without a server", async () => {
    expect((await explain("user:alice@acme:VIEWER", "startWorkflow")).out).toBe("denied\n  no policy allows it");
    expect((await explain("worker:w1@acme", "pollTask", "acme/queue=q")).out).toMatch(/^allowed\n {2}by worker: /);
    expect((await explain("worker:w1@acme", "pollTask", "other")).out).toMatch(/^denied\n {2}by org-fence: /);
    expect((await explain("operator:root", "createOrg")).out).toMatch(/^allowed\n {2}by operator: /);
  });

  test("reads own policies, and says where they do not hold", async () => {
    const [policy, config] = [join(folder, "own.cedar"), join(folder, "config.toml")];
    writeFileSync(config, `[auth.cedar]\npolicies = ["${policy}"]\n`);
    writeFileSync(policy, '@id("nobody") forbid (principal, action == Flovyn::Action::"pollTask", resource);');
    const denied = await explain("worker:w1@acme", "pollTask", "--config", config, "--json");
    expect(JSON.parse(denied.out)).toEqual({
      allowed: false,
      policies: [{ id: "nobody", description: "" }],
      problems: [],
    });
    writeFileSync(policy, "\npermit (");
    expect(await explain("worker:w1@acme", "pollTask", "--config", config)).toMatchObject({
      code: 1,
      err: expect.stringContaining("own.cedar:2"),
    });
  });

  test.each([
    [["robot:r@acme", "pollTask"], /robot:r@acme is not a principal/],
    [["worker:w1@acme", "fly"], /there is no action fly/],
    [["worker:w1@acme", "pollTask", "acme/colour=red"], /colour=red is not/],
  ])("%j says what is wrong", async (args, text) => {
    expect(await explain(...args)).toMatchObject({ code: 2, err: expect.stringMatching(text) });
  });
});
