/** Goal: no pnpm runs but the one whose hash is in package.json. Approach: a registry that serves an archive of our own. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { pinnedTool } from "../bootstrap/pinned-tool.mjs";
import { root } from "../bootstrap/root.mjs";

const folder = mkdtempSync(join(tmpdir(), "flovyn-pin-"));
let archive: Buffer;
let requests = 0;

const registry = createServer((request, response) => {
  requests += 1;
  if (request.url?.endsWith(".tgz")) return response.end(archive);
  const { port } = registry.address() as AddressInfo;
  // What the registry says of its archive is right: only a hash from elsewhere shows that it is another one.
  const integrity = `sha512-${createHash("sha512").update(archive).digest("base64")}`;
  const dist = { tarball: `http://127.0.0.1:${port}/tool.tgz`, integrity };
  const version = { name: "tool", version: "1.2.3", bin: { tool: "tool.cjs" }, dist };
  response.end(JSON.stringify({ name: "tool", "dist-tags": { latest: "1.2.3" }, versions: { "1.2.3": version } }));
});

beforeAll(async () => {
  const source = join(folder, "source");
  mkdirSync(source);
  // Its install script must not run, either.
  const scripts = { install: "node -e \"require('node:fs').writeFileSync('installed', '')\"" };
  const manifest = { name: "tool", version: "1.2.3", bin: { tool: "tool.cjs" }, scripts };
  writeFileSync(join(source, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(source, "tool.cjs"), "#!/usr/bin/env node\nconsole.log('it runs');\n");
  execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: source });
  archive = readFileSync(join(folder, "tool-1.2.3.tgz"));
  await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
});

afterAll(() => {
  registry.close();
  rmSync(folder, { recursive: true });
});

let directory: string;
beforeEach(() => {
  requests = 0;
  directory = mkdtempSync(join(folder, "tools-"));
});

const hashOf = (bytes: Buffer) => createHash("sha512").update(bytes).digest("hex");
const fetchTool = (hash: string) =>
  pinnedTool({
    ...{ pin: `tool@1.2.3+sha512.${hash}`, directory },
    env: {
      npm_config_registry: `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`,
      npm_config_cache: join(directory, "..", `cache-${hash.slice(0, 8)}`),
    },
  });

it("a tool whose archive has the hash of package.json is fetched once, and runs", async () => {
  const modules = await fetchTool(hashOf(archive));
  expect(execFileSync(join(modules, ".bin", "tool"), { encoding: "utf8" })).toBe("it runs\n");
  expect(readdirSync(join(modules, "tool")).sort()).toEqual(["package.json", "tool.cjs"]);
  const before = requests;
  expect(before).toBeGreaterThan(0);
  expect(await fetchTool(hashOf(archive))).toBe(modules);
  expect(requests).toBe(before);
});

it("two processes that begin at the same time get the same tool", async () => {
  const [one, other] = await Promise.all([fetchTool(hashOf(archive)), fetchTool(hashOf(archive))]);
  expect(one).toBe(other);
  expect(readdirSync(directory)).toHaveLength(1);
});

it("an archive with another hash is refused and leaves nothing, whatever the registry says of it", async () => {
  const other = hashOf(Buffer.from("another archive"));
  await expect(fetchTool(other)).rejects.toThrow(`its SHA-512 is ${hashOf(archive)}, not ${other}`);
  expect(requests).toBeGreaterThan(0);
  expect(readdirSync(directory)).toEqual([]);
});

it.each(["pnpm@10.34.9", "pnpm@10", "pnpm@10.34.9+sha1.00", "pnpm@latest+sha512.00"])(
  "a package manager without a version and a whole hash is refused: %s",
  async (pin) => {
    await expect(pinnedTool({ pin, directory })).rejects.toThrow(`it is ${pin}`);
    expect(readdirSync(directory)).toEqual([]);
  },
);

it("no script, document or manifest of the repository fetches pnpm without its hash", () => {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { packageManager: string };
  expect(packageManager).toMatch(/^pnpm@\d+\.\d+\.\d+\+sha512\.[0-9a-f]{128}$/);
  const files = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" }).split("\0").filter(Boolean);
  const fetching = /(npx|npm (exec|i|install)|dlx)\b.*\bpnpm@|npx (--yes |-y )?pnpm\b|corepack (use|prepare)/;
  expect(files.length).toBeGreaterThan(500);
  const found = files.filter(
    (file) => !file.startsWith("scripts/test/") && fetching.test(readFileSync(join(root, file), "utf8")),
  );
  expect(found).toEqual([]);
});
