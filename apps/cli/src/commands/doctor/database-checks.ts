import { schemaState } from "@flovyn/db";
import pg from "pg";
import { reasonOf } from "../../dev/reason.js";
import type { Check, Finding } from "./finding.js";

const clockSkewMsMax = 500;
const connectTimeoutMs = 5_000;

/** Postgres, its schema and its clock. `advice` is what to do when it cannot be reached. */
export function databaseChecks(url: string, advice: string): Check[] {
  return [
    ["Postgres", () => checkPostgres(url, advice)],
    ["schema", () => checkSchema(url)],
    ["clock", () => checkClock(url)],
  ];
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectTimeoutMs });
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function checkPostgres(url: string, advice: string): Promise<Finding> {
  try {
    const version = await withClient(url, async (client) => {
      const result = await client.query("select current_setting('server_version') as version");
      return String(result.rows[0].version);
    });
    return { ok: `version ${version} answers` };
  } catch (error) {
    return { problem: `${reasonOf(error)}: ${advice}` };
  }
}

async function checkSchema(url: string): Promise<Finding> {
  const { known, applied, missing } = await schemaState(url);
  if (applied > known) {
    return {
      problem: `the database has ${applied} migrations, this version knows ${known}: install the newer version`,
    };
  }
  if (missing.length > 0) {
    return { problem: `${missing.length} migrations are missing: run \`flovyn migrate\`\n${missing.join("\n")}` };
  }
  return { ok: `${applied} of ${known} migrations applied` };
}

function checkClock(url: string): Promise<Finding> {
  return withClient(url, async (client) => {
    const before = Date.now();
    const result = await client.query("select extract(epoch from clock_timestamp()) * 1000 as now");
    const skewMs = Math.round(Number(result.rows[0].now) - (before + Date.now()) / 2);
    if (Math.abs(skewMs) <= clockSkewMsMax) return { ok: `${skewMs} ms apart from the database` };
    return { problem: `${skewMs} ms apart from the database: synchronize both machines by NTP` };
  });
}
