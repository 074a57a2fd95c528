// Goal: a member that is there under two names says so, in the OpenAPI document and in the documentation.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { workspaceRoot } from "@flovyn/testing";
import { expect, it } from "vitest";
import { describedGateway, type Schema } from "./described-gateway.js";

interface Alias {
  name: string;
  member: string;
  siblings: string[];
}

let aliases: Alias[];
describedGateway((document) => {
  aliases = [];
  walk(document);
});

function walk(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  const { properties } = value as Schema & { properties?: Record<string, { description?: string }> };
  for (const [name, { description = "" }] of Object.entries(properties ?? {})) {
    const member = /^An alias of (\w+)\.$/.exec(description)?.[1];
    if (member !== undefined) aliases.push({ name, member, siblings: Object.keys(properties ?? {}) });
  }
  for (const inner of Object.values(value)) walk(inner);
}

it("aliases of members stand beside the member they are of, and are in docs/rest.md", () => {
  const page = readFileSync(join(workspaceRoot(import.meta.dirname), "docs/rest.md"), "utf8");
  expect(aliases.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["workflowKind", "kind", "input", "sequenceNumber", "createdAt", "rejected", "error"]),
  );
  for (const { name, member, siblings } of aliases) {
    expect(siblings).toContain(member);
    const isSaid = page
      .split("\n\n")
      .some((part) => ["alias", `\`${name}\``, `\`${member}\``].every((one) => part.includes(one)));
    expect([name, isSaid]).toEqual([name, true]);
  }
});
