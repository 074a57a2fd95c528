import { randomUUID } from "node:crypto";
import { Client } from "pg";

export interface TestDatabase {
  url: string;
  /** Drops the database, closing what is still connected to it. */
  drop(): Promise<void>;
}

/**
 * Clones the migrated template database for one test file. The environment names the server (FLOVYN_TEST_POSTGRES_URL) and the
 * template (FLOVYN_TEST_TEMPLATE); the global set-up of the test run sets both.
 */
export async function createTestDatabase(options: { template?: string } = {}): Promise<TestDatabase> {
  const server = required("FLOVYN_TEST_POSTGRES_URL");
  const template = options.template ?? required("FLOVYN_TEST_TEMPLATE");
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await administer(server, `create database "${name}" template "${template}"`);
  return {
    url: databaseUrl(server, name),
    drop: () => administer(server, `drop database if exists "${name}" with (force)`),
  };
}

/** The URL of another database on the same server. */
export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** Runs one statement that no transaction may hold, such as `create database`. */
export async function administer(serverUrl: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function required(variable: string): string {
  const value = process.env[variable];
  if (!value) throw new Error(`${variable} is not set. Run the tests from the root of the repository: npm test`);
  return value;
}
