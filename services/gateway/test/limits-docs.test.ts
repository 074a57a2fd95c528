import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workspaceRoot } from "@flovyn/testing";
import { expect, it } from "vitest";
import { testConfig } from "./gateway-harness.js";
import { limitsPage } from "./limits-page.js";

const file = join(workspaceRoot(import.meta.dirname), "docs/limits.md");

it("docs/limits.md says what the tables of budgets and messages say", () => {
  const wanted = limitsPage(testConfig().limits);
  if (process.env.FLOVYN_WRITE_DOCS === "1") writeFileSync(file, wanted);
  else expect(readFileSync(file, "utf8")).toBe(wanted);
});
