// node scripts/pnpm.mjs …: the pnpm that package.json names, with its arguments and this terminal.
import { spawn } from "node:child_process";
import { requireNodeVersion } from "./bootstrap/node-version.mjs";
import { pnpmCommand } from "./bootstrap/pnpm.mjs";
import { runMain, say } from "./bootstrap/steps.mjs";

await runMain(async () => {
  requireNodeVersion();
  const { program, script, env } = await pnpmCommand(say);
  const child = spawn(program, [script, ...process.argv.slice(2)], {
    env: { ...process.env, ...env },
    stdio: "inherit",
  });
  // The terminal signals the whole group: pnpm ends, and this process with it.
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => child.kill(signal));
  await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      process.exitCode = code ?? 1;
      resolve(undefined);
    });
  });
});
