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
    const [postgresUrl, nats] = await Promise.all([startPostgres(running), startNatsServer()]);
    running.push(nats);
    process.env.FLOVYN_TEST_POSTGRES_URL = postgresUrl;
    process.env.FLOVYN_TEST_TEMPLATE = TEMPLATE;
    process.env.FLOVYN_TEST_NATS_URL = nats.url;
  } catch (error) {
    await tearDown();
    throw error;
  }
  return tearDown;
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
