import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type FolderIndex, indexFolder, registerFolderIndex } from "@flovyn/example-folder-index";
import { FlovynClient, silentLogger } from "@flovyn/sdk";
import { print } from "../print.js";
import { UsageError } from "../usage.js";
import { readHistory } from "./history.js";
import type { DemoTarget } from "./target.js";

export interface IndexDemoOptions {
  target: DemoTarget;
  folder: string;
  dataDir: string;
  /** Print the whole result as JSON, and progress on standard error. */
  json: boolean;
}

const progressIntervalMs = 200;

/**
 * Indexes a folder: worker, client and progress in one process. The execution is noted in the data directory until it
 * ends, so that a process that was killed is followed by one that goes on with the same execution.
 */
export async function runIndexDemo({ target, folder, dataDir, json }: IndexDemoOptions): Promise<void> {
  const root = resolve(folder);
  if (!existsSync(root) || !statSync(root).isDirectory()) throw new UsageError(`${root} is not a folder`);
  const say = json ? (line: string) => void process.stderr.write(`${line}\n`) : print;
  const { serverUrl, httpUrl, orgId, workerToken, apiKey } = target;
  const name = createHash("sha256").update(root).digest("hex").slice(0, 16);
  const queue = `folder-index-${name}`;
  const client = new FlovynClient({
    serverUrl,
    httpUrl,
    orgId,
    workerToken,
    apiKey,
    queue,
    workerName: "folder-index",
    logger: silentLogger,
  });
  registerFolderIndex(client);
  await client.start();
  const note = join(resolve(dataDir), `demo-index-${name}.json`);
  try {
    const noted = readNote(note);
    const id = noted ?? (await client.startWorkflow(indexFolder, { root })).id;
    say(noted === undefined ? `workflow ${id}` : `workflow ${id}, continued`);
    writeNote(note, id);
    const watching = new AbortController();
    const shown = showProgress(target, id, { signal: watching.signal, say });
    try {
      const result = await client.getHandle(id, indexFolder).result();
      rmSync(note, { force: true });
      watching.abort();
      await shown;
      printResult(result, json);
    } catch (error) {
      // An execution that ended without a result is not continued.
      if (error instanceof Error && /^Workflow(Failed|Cancelled)Error$/.test(error.name)) rmSync(note, { force: true });
      throw error;
    } finally {
      watching.abort();
      await shown;
    }
  } finally {
    await client.stop();
  }
}

function readNote(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  return (JSON.parse(readFileSync(file, "utf8")) as { id: string }).id;
}

/** Written beside and renamed: a kill in the middle leaves the old note or the new one. */
function writeNote(file: string, id: string): void {
  writeFileSync(`${file}.new`, JSON.stringify({ id }));
  renameSync(`${file}.new`, file);
}

async function showProgress(
  target: DemoTarget,
  id: string,
  { signal, say }: { signal: AbortSignal; say: (line: string) => void },
): Promise<void> {
  let seen = 0;
  let total = 0;
  let done = 0;
  let shown = -1;
  const look = async (): Promise<void> => {
    for (const event of await readHistory(target, id, seen)) {
      seen = event.sequence;
      if (event.eventType === "OPERATION_COMPLETED") total = countPaths(event.data.result);
      if (event.eventType === "TASK_COMPLETED") done += 1;
    }
    if (total === 0 || done === shown) return;
    shown = done;
    say(`indexed ${done} of ${total} files (${Math.floor((100 * done) / total)} %)`);
  };
  while (!signal.aborted) {
    await look();
    await pause(progressIntervalMs, undefined, { signal }).catch(() => {});
  }
  await look();
}

function countPaths(result: unknown): number {
  return Array.isArray(result) ? result.length : 0;
}

function printResult(result: FolderIndex, json: boolean): void {
  if (json) {
    print(JSON.stringify(result));
    return;
  }
  const { files, lines, words, bytes } = result.totals;
  print(`${files} files, ${lines} lines, ${words} words, ${bytes} bytes`);
}
