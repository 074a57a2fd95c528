import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { workspaceRoot } from "@flovyn/testing";
import { expect, it } from "vitest";

interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
}

const manifests = new Map(
  ["apps", "services", "packages", "examples"]
    .flatMap((folder) => readdirSync(join(workspaceRoot(), folder)).map((name) => join(workspaceRoot(), folder, name)))
    .map((folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest)
    .map((manifest) => [manifest.name, manifest]),
);

function installed(name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  for (const one of Object.keys(manifests.get(name)?.dependencies ?? {})) installed(one, found);
  return found;
}

it("an installation of the server has what it serves with, no example and no library of the API page", () => {
  const names = [...installed("@flovyn/cli")];
  expect(names).toContain("@flovyn/gateway");
  expect(names).toContain("hono");
  expect(names.filter((name) => name.includes("example") || name.includes("swagger"))).toEqual([]);
});
