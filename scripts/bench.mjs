// npm run bench: brings the build up to date and runs the load generators with the arguments given.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { prepare } from "./bootstrap/prepare.mjs";
import { root } from "./bootstrap/root.mjs";
import { runMain } from "./bootstrap/steps.mjs";

await runMain(async () => {
  await prepare();
  const entry = join(root, "bench", "dist", "index.js");
  process.argv = [process.execPath, entry, ...process.argv.slice(2)];
  await import(pathToFileURL(entry).href);
});
