/** Goal: what guards a server is known to its operators alone: examples and development keys do not start one. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnProcess, workspaceRoot } from "@flovyn/testing";
import { afterAll, beforeAll, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "flovyn-secrets-"));
const configFile = join(folder, "flovyn.toml");

beforeAll(() => {
  writeFileSync(
    configFile,
    `
[auth.static_api_key]
keys = [
  { key = "flovyn_op_change_me", principal_type = "User", principal_id = "a", role = "OPERATOR" },
  { key = "q7Zr0pXn4kT2vWm8yB5cL1sD", principal_type = "User", principal_id = "b", role = "OPERATOR" },
  { key = "flovyn_op_dev_q7Zr0pXn4kT2vWm8yB5cL1sD", principal_type = "User", principal_id = "c", role = "OPERATOR" },
]
[[auth.worker_token.secrets]]
id = "a"
secret = "change me: the output of openssl rand -base64 48"
`,
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(...args: string[]): Promise<{ code: number | null; text: string }> {
  const flovyn = spawnProcess({
    name: `flovyn ${args.join(" ")}`,
    command: process.execPath,
    args: [join(workspaceRoot(), "bin/flovyn"), ...args],
    env: {
      CONFIG_FILE: configFile,
      DATABASE_URL: "postgres://flovyn:secret@127.0.0.1:1/flovyn",
      NATS__URL: "nats://127.0.0.1:1",
      NODE_OPTIONS: undefined,
    },
  });
  const { code } = await flovyn.exited;
  return { code, text: flovyn.lines.join("\n") };
}

const refused = [
  "auth.static_api_key.keys[0].key: is an example",
  "auth.static_api_key.keys[2].key: was made by `flovyn dev`",
  "auth.worker_token.secrets[0].secret: is an example",
  "database_url: is an example",
];

it.each(["gateway", "dispatch", "tasks", "timers", "promises", "all"])(
  "serve %s names each of them and ends",
  async (service) => {
    const { code, text } = await run("serve", service);
    expect(code).toBe(2);
    for (const problem of refused) expect(text).toContain(problem);
    expect(text).not.toContain("keys[1]");
    expect(text).not.toMatch(/change_me|q7Zr0pXn4k|flovyn:secret/);
  },
);

it("doctor names each of them", async () => {
  const { code, text } = await run("doctor");
  expect(code).toBe(1);
  expect(text).toContain("problem  secrets: ");
  for (const problem of refused) expect(text).toContain(problem);
});
