import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type FolderIndex, indexFolder, registerFolderIndex } from "@flovyn/example-folder-index";
import { FlovynClient, silentLogger } from "@flovyn/sdk";
import { UsageError } from "../command-line/errors.js";
import { print, printAside } from "../print.js";
import { checkReach } from "./check-reach.js";
import { readHistory } from "./history.js";
import { withNotedExecution } from "./noted-execution.js";
import type { DemoTarget } from "./target.js";

export interface IndexDemoOptions {
  target: DemoTarget;
  folder: string;
  dataDir: string;
  /** Print the whole result as JSON, and progress on standard error. */
  json: boolean;
}

const progressIntervalMs = 200;

/** Indexes a folder: worker, client and progress in one process. A process that was killed is followed by one that goes on. */
export async function runIndexDemo({ target, folder, dataDir, json }: IndexDemoOptions): Promise<void> {
  const root = resolve(folder);
  if (!existsSync(root) || !statSync(root).isDirectory()) throw new UsageError(`${root} is not a folder`);
  await checkReach(target);
  const say = json ? printAside : print;
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
  try {
    const start = () => client.startWorkflow(indexFolder, { root });
    const result = await withNotedExecution({ dataDir, name: `index-${name}`, start, say }, async (id) => {
      const watching = new AbortController();
      const shown = showProgress(target, id, { signal: watching.signal, say });
      try {
        return await client.getHandle(id, indexFolder).result();
      } finally {
        watching.abort();
        await shown;
      }
    });
    printResult(result, json);
  } finally {
    await client.stop();
  }
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
