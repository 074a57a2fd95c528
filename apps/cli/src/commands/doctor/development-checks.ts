import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { connectTo } from "../../dev/check-reach.js";
import type { DevCredentials } from "../../dev/credentials.js";
import { reasonOf } from "../../dev/reason.js";
import { findRunning, type RunningServer } from "../../dev/running.js";
import { databaseChecks } from "./database-checks.js";
import type { Check, Finding } from "./finding.js";

/** The development server of a data directory, as it runs. */
export function developmentChecks(dataDir: string): Check[] {
  const running = findRunning(dataDir);
  if (running === undefined) {
    const problem = `none runs with its data in ${dataDir}: start one with \`npm start\`, or name another with --data`;
    return [["server", async () => ({ problem })]];
  }
  return [
    ["server", async () => ({ ok: `process ${running.pid}, data in ${dataDir}` })],
    ...databaseChecks(running.databaseUrl, "stop the server and start it again with `npm start`"),
    ["health", () => checkHealth(running)],
    ["HTTP", () => checkHttp(running, dataDir)],
    ["gRPC", () => checkGrpc(running)],
  ];
}

const answerMsMax = 5_000;

async function checkHealth({ opsUrl }: RunningServer): Promise<Finding> {
  const answer = await fetch(`${opsUrl}/ready`, { signal: AbortSignal.timeout(answerMsMax) });
  const text = await answer.text();
  return answer.ok
    ? { ok: `${opsUrl} says that it is ready` }
    : { problem: `${opsUrl} says ${answer.status}: ${text}` };
}

/** With the key of the data directory, where the server has one: with a configuration file its keys are others. */
async function checkHttp({ httpUrl }: RunningServer, dataDir: string): Promise<Finding> {
  const file = join(dataDir, "credentials.json");
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as DevCredentials) : undefined;
  const answer = await fetch(`${httpUrl}/api/orgs/${kept?.orgSlug ?? "none"}/workflow-executions?limit=1`, {
    headers: kept === undefined ? {} : { authorization: `Bearer ${kept.apiKey}` },
    signal: AbortSignal.timeout(answerMsMax),
  });
  await answer.arrayBuffer();
  if (answer.ok) return { ok: `${httpUrl} answers, and takes the key of ${file}` };
  if (answer.status < 500) return { ok: `${httpUrl} answers, with keys of its configuration file` };
  return { problem: `${httpUrl} answers ${answer.status}: see the output of the server` };
}

async function checkGrpc({ serverUrl }: RunningServer): Promise<Finding> {
  await connectTo(serverUrl).catch((error: unknown) => {
    throw new Error(`${serverUrl} does not answer: ${reasonOf(error)}`);
  });
  return { ok: `${serverUrl} takes connections` };
}
