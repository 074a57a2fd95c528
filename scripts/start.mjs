// npm start: from a fresh clone to a serving Flovyn. Plain JavaScript, since it runs before anything is installed.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { prepare } from "./bootstrap/prepare.mjs";
import { root } from "./bootstrap/root.mjs";
import { runMain, say } from "./bootstrap/steps.mjs";

await runMain(async () => {
  say("Flovyn");
  await prepare();
  const launcher = join(root, "bin", "flovyn");
  process.argv = [process.execPath, launcher, "dev", ...process.argv.slice(2)];
  // In this process: signals, exit code and terminal are the server's own, with nothing to forward.
  await import(pathToFileURL(launcher).href);
});
