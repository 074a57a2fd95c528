// Started by the tests as a process of its own: starts Postgres on the directory given, prints what came of it, and then does as told.
import { startEmbeddedPostgres } from "../dist/index.js";

const [dataDir, then] = process.argv.slice(2);
const postgres = await startEmbeddedPostgres({ dataDir, log: (line) => process.stderr.write(`${line}\n`) });
process.stdout.write(
  `${JSON.stringify({ url: postgres.url, pid: postgres.pid, dataDir: postgres.dataDir, user: process.getuid?.() })}\n`,
);
if (then === "stop") await postgres.stop();
if (then === "wait") setInterval(() => {}, 60_000);
