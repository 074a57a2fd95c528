// npm run check: everything that can be known without running the product. Runs all checks, then fails if one did.
import { join } from "node:path";
import { pnpm } from "./bootstrap/pnpm.mjs";
import { prepare } from "./bootstrap/prepare.mjs";
import { root } from "./bootstrap/root.mjs";
import { run, runMain, StepFailed, say, step } from "./bootstrap/steps.mjs";
import { turbo } from "./bootstrap/turbo.mjs";
import { refuseDrift } from "./check/drift.mjs";

/** @type {[name: string, work: (report: (progress: string) => void) => Promise<unknown>][]} */
const checks = [
  ["format and lint", () => tool("biome", ["check", "--error-on-warnings", "."])],
  ["types", (report) => turbo("check:types", report)],
  ["types of the root", () => tool("tsc", ["-p", "tsconfig.json"])],
  ["generated code", checkGeneratedCode],
  ["migrations", checkMigrations],
  ["dependency direction", () => tool("tsx", ["scripts/check-boundaries.ts"])],
  ["declared dependencies", () => pnpm(["exec", "turbo", "boundaries"])],
  ["proto style", () => pnpm(["--filter", "@flovyn/proto", "run", "check:lint"])],
  ["proto compatibility", () => pnpm(["--filter", "@flovyn/proto", "run", "check:breaking"])],
];

await runMain(async () => {
  say("Flovyn checks");
  await prepare();
  const failed = [];
  for (const [name, work] of checks) {
    try {
      await step(name, work);
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      say(error.message);
      failed.push(name);
    }
  }
  if (failed.length > 0) throw new StepFailed(`Failed: ${failed.join(", ")}`);
  say(`All ${checks.length} checks passed.`);
});

/** Runs a command of the root's node_modules. @param {string} name @param {string[]} args */
function tool(name, args) {
  return run(join(root, "node_modules", ".bin", name), args);
}

function checkGeneratedCode() {
  return refuseDrift({
    directory: "packages/proto/src/gen",
    generate: () => pnpm(["--filter", "@flovyn/proto", "run", "generate"]),
    remedy: "The generated code does not match proto/. Run `npm run generate` and commit what it writes.",
  });
}

function checkMigrations() {
  return refuseDrift({
    directory: "packages/db/migrations",
    generate: async () => {
      const output = await pnpm(["--filter", "@flovyn/db", "run", "generate"]);
      // Where it would ask whether a column was renamed, drizzle-kit gives up without a terminal, writes nothing and ends with code 0.
      if (!/No schema changes|Your SQL migration file/.test(output)) throw new StepFailed(output);
    },
    remedy: "The migrations do not match the schema. Run `npm run generate`, read what it writes, and commit it.",
  });
}
