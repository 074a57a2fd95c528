/**
 * Lists in pages. Method: rows with ids and times of creation that have nothing to do with one another, few times so that many
 * are the same, some of them a microsecond apart; rows that are inserted between two pages. Whatever they are, the pages one
 * after the other are the sorted whole.
 */
import { newId } from "@flovyn/domain";
import { createTestDatabase, type TestDatabase } from "@flovyn/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Database } from "../src/database.js";
import { type ListPlace, listOrganizations, listWorkflows } from "../src/store/index.js";

const startUs = Date.UTC(2026, 0, 1) * 1000;
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

const row = fc.record({
  id: fc.uuid(),
  createdAtUs: fc.integer({ min: 0, max: 5 }).map((step) => String(startUs + step)),
});
const unique = (length: { minLength?: number; maxLength: number }) =>
  fc.uniqueArray(row, { ...length, selector: ({ id }) => id });
const given = fc.record({
  first: unique({ minLength: 1, maxLength: 25 }),
  between: unique({ maxLength: 10 }),
  limit: fc.integer({ min: 1, max: 7 }),
});

const key = ({ createdAtUs, id }: ListPlace) => `${createdAtUs}/${id}`;
const sorted = (rows: readonly ListPlace[]) => rows.map(key).sort();

interface List {
  insert(rows: readonly ListPlace[]): Promise<unknown>;
  page(from: ListPlace | null, limit: number): Promise<ListPlace[]>;
}

/** All pages; `between` is inserted after the first one. */
async function walk(
  list: List,
  { first, between, limit }: { first: ListPlace[]; between: ListPlace[]; limit: number },
) {
  await list.insert(first);
  const pages: ListPlace[][] = [];
  for (let last: ListPlace | null = null; ; ) {
    const page = await list.page(last, limit);
    if (pages.length === 0) await list.insert(between);
    pages.push(page);
    last = page.at(-1) ?? null;
    if (page.length < limit) return pages.flat();
  }
}

const columns = { ids: "uuid[]", times: "bigint[]" } as const;
const values = (rows: readonly ListPlace[]) => [rows.map(({ id }) => id), rows.map(({ createdAtUs }) => createdAtUs)];
const source = `unnest($1::${columns.ids}, $2::${columns.times}) as given(id, us),
  lateral (select timestamptz 'epoch' + us * interval '1 microsecond' as at) as times`;

const workflowsOf = (orgId: string): List => ({
  insert: (rows) =>
    db.query({
      text: `insert into workflow_execution (id, org_id, kind, queue, status, partition_key, root_execution_id, input, available_at,
          dispatch_at, created_at, updated_at, current_sequence, transition_count)
        select id, $3, 'k', 'q', 'PENDING', 0, id, '', at, at, at, at, 1, 1 from ${source}`,
      values: [...values(rows), orgId],
    }),
  page: (before, limit) =>
    listWorkflows(db, {
      orgId,
      status: null,
      kind: null,
      queue: null,
      activationFailing: false,
      before,
      limit,
      offset: 0,
    }),
});

const organizations: List = {
  insert: (rows) =>
    db.query({
      text: `insert into organization (id, name, slug, created_at, updated_at) select id, 'n', id::text, at, at from ${source}`,
      values: values(rows),
    }),
  page: (after, limit) => listOrganizations(db, { after, limit }),
};

describe("the pages of a list, one after the other", () => {
  it.each([
    ["executions, newest first", "workflow_execution", () => workflowsOf(newId()), -1],
    ["organizations, oldest first", "organization", () => organizations, 1],
  ] as const)("are the sorted whole, whatever is inserted meanwhile: %s", async (_name, table, open, direction) => {
    await fc.assert(
      fc.asyncProperty(given, async ({ first, between, limit }) => {
        const ids = new Set(first.map(({ id }) => id));
        const later = between.filter(({ id }) => !ids.has(id));
        await db.query({ text: `delete from ${table}` });
        const found = (await walk(open(), { first, between: later, limit })).map(key);
        const ordered = direction === 1 ? [...found] : [...found].reverse();
        expect(ordered).toEqual([...new Set(found)].sort());
        expect(found.filter((place) => ids.has(place.split("/")[1] ?? "")).sort()).toEqual(sorted(first));
      }),
      { numRuns: 30 },
    );
  });
});
