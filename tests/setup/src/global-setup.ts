import { migrate } from "@flovyn/db";
import { administer, databaseUrl, startNatsServer, startTestPostgres } from "@flovyn/testing";

const TEMPLATE = "flovyn_template";

/**
 * Starts what all test files share: one Postgres with a migrated template database, from which each file clones its own, and one NATS
 * server. The test processes find them in the environment; FLOVYN_TEST_DATABASE_URL names a Postgres to use instead.
 */
export default async function setUp(): Promise<() => Promise<void>> {
  const running: { stop(): Promise<void> }[] = [];
  const tearDown = async () => {
    for (const one of running.splice(0).reverse()) await one.stop();
  };
  try {
    // One after the other: when one fails, everything that did start is known and can be stopped.
    process.env.FLOVYN_TEST_NATS_URL = await startNats(running);
    process.env.FLOVYN_TEST_POSTGRES_URL = await startPostgres(running);
    process.env.FLOVYN_TEST_TEMPLATE = TEMPLATE;
  } catch (error) {
    await tearDown();
    throw error;
  }
  return tearDown;
}

async function startNats(running: { stop(): Promise<void> }[]): Promise<string> {
  const nats = await startNatsServer();
  running.push(nats);
  return nats.url;
}

async function startPostgres(running: { stop(): Promise<void> }[]): Promise<string> {
  const given = process.env.FLOVYN_TEST_DATABASE_URL;
  const url = given ?? (await startOwn(running));
  await administer(url, `drop database if exists "${TEMPLATE}" with (force)`);
  await administer(url, `create database "${TEMPLATE}"`);
  await migrate(databaseUrl(url, TEMPLATE));
  return url;
}

async function startOwn(running: { stop(): Promise<void> }[]): Promise<string> {
  const postgres = await startTestPostgres();
  running.push(postgres);
  return postgres.url;
}
