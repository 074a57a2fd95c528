import { DomainError } from "@flovyn/domain";
import { administer, createTestDatabase, type TestDatabase, waitFor } from "@flovyn/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Database, type Transaction } from "../src/database.js";

const poolMax = 4;
let database: TestDatabase;
let db: Database;
let observer: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  db = new Database({ url: database.url, poolMax, applicationName: "under-test" });
  observer = new Database({ url: database.url, poolMax: 1, applicationName: "observer" });
  await db.query({ text: "create table note (id int primary key)" });
});
beforeEach(async () => void (await db.query({ text: "truncate note" })));
afterAll(async () => {
  await db.close();
  await observer.close();
  await database.drop();
});

const insert = (tx: Pick<Transaction, "query">, id: number) =>
  tx.query({ text: "insert into note values ($1)", values: [id] });
const notes = async () =>
  (await observer.query({ text: "select id from note order by id" })).rows.map((row) => row.id as number);

/** Every connection of the pool at once is usable and in no transaction. */
async function checkPool(): Promise<void> {
  const states = await observer.query({
    text: "select state from pg_stat_activity where application_name = 'under-test' and state like 'idle in transaction%'",
  });
  expect(states.rows).toEqual([]);
  const ids = await Promise.all(
    Array.from({ length: poolMax }, () =>
      db.query({ text: "select pg_current_xact_id_if_assigned() as xact, pg_sleep(0.01)" }),
    ),
  );
  expect(ids.map((result) => result.rows[0].xact)).toEqual(Array(poolMax).fill(null));
}

describe("transaction", () => {
  it("commits what its work and its deferred writes did", async () => {
    const result = await db.transaction(async (tx) => {
      await insert(tx, 1);
      tx.defer(insert(tx, 2));
      return "done";
    });
    expect(result).toBe("done");
    expect(await notes()).toEqual([1, 2]);
    await checkPool();
  });

  it("fails as a whole with the error of a deferred write, although nobody awaited it", async () => {
    const failing = db.transaction(async (tx) => {
      await insert(tx, 1);
      tx.defer(insert(tx, 1));
      tx.defer(insert(tx, 2));
    });
    await expect(failing).rejects.toMatchObject({ code: "23505" });
    expect(await notes()).toEqual([]);
    await checkPool();
  });

  it("does not report success when its work swallowed the error of a statement", async () => {
    const swallowing = db.transaction(async (tx) => {
      await insert(tx, 1);
      await insert(tx, 1).catch(() => undefined);
      return "done";
    });
    await expect(swallowing).rejects.toThrow("rolled back");
    expect(await notes()).toEqual([]);
    await checkPool();
  });

  it("pitfall 34 returns no connection with an open transaction, wherever the work breaks off", async () => {
    const breakOff = (id: number): Promise<unknown> =>
      db.transaction(async (tx) => {
        if (id % 5 === 0) throw new Error("before anything");
        const write = insert(tx, id);
        if (id % 5 === 1) {
          // A statement that still runs when the work is given up.
          tx.defer(write);
          throw new Error("while a write runs");
        }
        await write;
        if (id % 5 === 2) throw new Error("after a write");
        if (id % 5 === 3) await tx.query({ text: "select 1/0" });
        tx.defer(insert(tx, id));
      });
    const results = await Promise.allSettled(Array.from({ length: 60 }, (_, id) => breakOff(id)));
    expect(results.every((result) => result.status === "rejected")).toBe(true);
    expect(await notes()).toEqual([]);
    await checkPool();
  });

  it("throws away a connection that broke and says that the database was away", async () => {
    const broken = db.transaction(async (tx) => {
      await insert(tx, 1);
      const { rows } = await tx.query({ text: "select pg_backend_pid() as pid" });
      await administer(database.url, `select pg_terminate_backend(${rows[0].pid})`);
      await insert(tx, 2);
    });
    await expect(broken).rejects.toMatchObject({ code: "Unavailable" });
    expect(await notes()).toEqual([]);
    await waitFor("the pool to work again", () => checkPool().then(() => true));
  });

  it("passes on what the work refused, unchanged", async () => {
    const refusal = new DomainError("WrongState", "no");
    const refused = db.transaction(() => Promise.reject(refusal));
    await expect(refused).rejects.toBe(refusal);
    await checkPool();
  });

  it("answers Unavailable when there is no database", async () => {
    const url = new URL(database.url);
    url.pathname = "/not_there";
    const nowhere = new Database({ url: url.href, poolMax: 1, applicationName: "test" });
    const port = new Database({ url: "postgresql://127.0.0.1:1/none", poolMax: 1, applicationName: "test" });
    await expect(port.query({ text: "select 1" })).rejects.toMatchObject({ code: "Unavailable" });
    await expect(port.transaction(async () => undefined)).rejects.toMatchObject({ code: "Unavailable" });
    await expect(nowhere.query({ text: "select 1" })).rejects.toThrow();
    await Promise.all([nowhere.close(), port.close()]);
  });
});
