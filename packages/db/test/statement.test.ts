/**
 * How row sets travel: arrays and one block of bytes through unnest. Method: fast-check draws rows of every column type;
 * a statement gives them back; they are the same, in the same order.
 */
import { createTestDatabase, type TestDatabase } from "@flovyn/testing";
import { sql } from "drizzle-orm";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Database } from "../src/database.js";
import { statement } from "../src/statement.js";

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  db = new Database({ url: database.url, poolMax: 2, applicationName: "test" });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const echo = statement<Record<string, unknown>>()(
  "test.echo",
  {
    params: ["now"],
    sets: {
      given: {
        id: "uuid",
        text: "text",
        int: "int",
        bigint: "bigint",
        float: "float8",
        flag: "bool",
        at: "timestamptz",
        json: "jsonb",
        first: "bytea",
        second: "bytea",
      },
    },
  },
  ({ time, rows }) => sql`
    select id, text, int, bigint::text as bigint, float, flag, at, json, first, second, ordinal::int as ordinal, ${time("now")} as now
    from ${rows("given")} order by ordinal`,
);

const awkward = ["'", '"', "\\", "{", "}", ",", "\n", "\u001f", "null", "é", "漢", "😀"];
/** Any text that Postgres can hold: all of Unicode but NUL. */
const text = fc
  .string({ unit: fc.oneof(fc.constantFrom(...awkward), fc.string({ unit: "binary", maxLength: 3 })) })
  .map((drawn) => drawn.replaceAll("\0", ""));
const bytes = fc.uint8Array({ maxLength: 64 });
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const row = fc.record({
  id: orNull(fc.uuid()),
  text: orNull(text),
  int: orNull(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  bigint: orNull(fc.maxSafeInteger()),
  float: orNull(fc.double({ noDefaultInfinity: true, noNaN: true })),
  flag: orNull(fc.boolean()),
  at: orNull(fc.integer({ min: 0, max: Date.UTC(2200, 0, 1) })),
  json: orNull(fc.dictionary(text, text)),
  first: orNull(bytes),
  second: orNull(bytes),
});

describe("statement", () => {
  it("carries rows of every column type there and back unchanged", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 12 }), async (rows) => {
        const given = rows.map((one) => ({ ...one, json: one.json === null ? null : JSON.stringify(one.json) }));
        const now = Date.UTC(2026, 0, 1) + 0.5;
        const result = await echo.run(db, { now, given });
        expect(result).toEqual(
          rows.map((one, index) => ({
            ...one,
            // Postgres has one zero.
            float: one.float === 0 ? expect.closeTo(0) : one.float,
            bigint: one.bigint === null ? null : String(one.bigint),
            at: one.at === null ? null : new Date(one.at),
            first: one.first && Buffer.from(one.first),
            second: one.second && Buffer.from(one.second),
            ordinal: index + 1,
            now: new Date(Math.floor(now)),
          })),
        );
      }),
      { numRuns: 150 },
    );
  });

  it("keeps apart empty bytes, missing bytes, NUL bytes and large blocks", async () => {
    const blank = { id: null, text: "", int: 0, bigint: 0, float: 0, flag: false, at: 0, json: null };
    const large = Buffer.alloc(5 * 1024 * 1024, 0xab);
    const values = [Buffer.alloc(0), null, Buffer.from([0, 0]), large, Buffer.from("end")];
    const given = values.map((first) => ({ ...blank, first, second: first === null ? Buffer.from("x") : null }));
    const rows = await echo.run(db, { now: 0, given });
    expect(
      rows.map((one) =>
        one.first === null ? null : Buffer.compare(one.first as Buffer, values[rows.indexOf(one)] as Buffer),
      ),
    ).toEqual([0, null, 0, 0, 0]);
    expect(rows.map((one) => one.second)).toEqual([null, Buffer.from("x"), null, null, null]);
  });

  it("names a parameter that is missing", async () => {
    const params = { given: [] } as unknown as Parameters<typeof echo.run>[1];
    await expect(echo.run(db, params)).rejects.toThrow("test.echo: parameter now is missing");
  });

  it("starts with its name, so that logs and statistics show it", () => {
    expect(echo.text.startsWith("/* test.echo */\n")).toBe(true);
  });
});
