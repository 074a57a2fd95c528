/** Histories are read in pieces of known size. Method: histories with many events and with large ones, read whole and in pages. */
import { listShortHistories } from "@flovyn/db";
import { DomainError, newId } from "@flovyn/domain";
import { ListEventsRequest, ListEventsResponse } from "@flovyn/proto/internal";
import { GetEventsRequest, GetEventsResponse } from "@flovyn/proto/v1";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { command, dispatchRpc, Harness } from "./harness.js";

const mebibyte = 1024 * 1024;
const pageBytesMax = mebibyte;

let harness: Harness;
beforeAll(async () => {
  harness = await new Harness().start();
});
afterAll(() => harness.stop());

/** An execution with one recorded operation for each size of a result, in bytes. */
async function executionWith(sizes: readonly number[]): Promise<string> {
  const execution = await harness.running();
  const commands = sizes.map((size) => command.record("n", `"${"x".repeat(size)}"`));
  await harness.submit({ workflowExecutionId: execution.id, commands, claimEpoch: execution.claimEpoch ?? 0 });
  return execution.id;
}

const listTypes = [ListEventsRequest, ListEventsResponse] as const;
const list = (workflowExecutionId: string, more: Partial<ListEventsRequest> = {}) =>
  harness.call("internal/ListEvents", listTypes, { workflowExecutionId, ...more });
const getTypes = [GetEventsRequest, GetEventsResponse] as const;
const get = (workflowExecutionId: string) => harness.call(dispatchRpc("GetEvents"), getTypes, { workflowExecutionId });

const bytesOf = (events: readonly { eventData: Uint8Array }[]) =>
  events.reduce((sum, { eventData }) => sum + eventData.byteLength, 0);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("a history that is read whole", () => {
  it.each([
    ["many events", Array.from({ length: 2_500 }, () => 1)],
    ["large events", [2 * mebibyte, 3 * mebibyte, 1, 1, 3 * mebibyte, 1]],
  ])("is complete and in order, however many pages it takes: %s", async (_what, sizes) => {
    const { events } = await get(await executionWith(sizes));
    expect(events.map(({ sequenceNumber }) => sequenceNumber)).toEqual(upTo(sizes.length + 1));
    expect(events.slice(1).map(({ eventData }) => JSON.parse(eventData.toString()).result.length)).toEqual(sizes);
  });

  it("is refused before anything is read when it is larger than one answer, and still shown in pages", async () => {
    const id = await executionWith([1, 1]);
    await harness.rows("update workflow_execution set history_bytes = $2 where id = $1", [id, 1024 ** 3]);
    const before = harness.contexts.map(({ db }) => db.stats().statements);
    const refused = await get(id).catch((error: unknown) => error);
    const statements = harness.contexts.map(({ db }, index) => db.stats().statements - (before[index] ?? 0));
    expect(refused).toBeInstanceOf(DomainError);
    expect(refused).toMatchObject({
      ...{ code: "WrongState", reason: "HISTORY_LIMIT" },
      message: expect.stringContaining("has 3 events of 1073741824 bytes, more than one answer takes"),
    });
    expect(statements.toSorted()).toEqual([0, 1]);
    expect((await list(id)).events).toHaveLength(3);
  });

  it("is read with others only as long as all of them are small together", async () => {
    const ids: string[] = [];
    for (const size of [100, 100, 5_000, 100]) ids.push(await executionWith([size]));
    const wanted = ids.map((workflowId) => ({ orgId: harness.orgId, workflowId }));
    const read = async (limits: { lengthMax: number; bytesMax: number; bytesTotalMax: number }) => {
      const histories = await listShortHistories(harness.context.db, { ...limits, wanted });
      return ids.map((id) => histories.get(id)?.events?.length);
    };
    expect(await read({ lengthMax: 2, bytesMax: 10_000, bytesTotalMax: 10_000 })).toEqual([2, 2, 2, 2]);
    expect(await read({ lengthMax: 1, bytesMax: 10_000, bytesTotalMax: 10_000 })).toEqual(Array(4).fill(undefined));
    expect(await read({ lengthMax: 2, bytesMax: 1_000, bytesTotalMax: 10_000 })).toEqual([2, 2, undefined, 2]);
    expect(await read({ lengthMax: 2, bytesMax: 1_000, bytesTotalMax: 700 })).toEqual([2, 2, undefined, undefined]);
  });
});

describe("pages of a history", () => {
  async function pagesOf(id: string, limit: number, sinceSequence = 0): Promise<ListEventsResponse[]> {
    const pages = [await list(id, { limit, sinceSequence })];
    for (let page = pages[0]; page !== undefined && page.nextCursor !== ""; page = pages.at(-1)) {
      pages.push(await list(id, { limit, cursor: page.nextCursor }));
    }
    return pages;
  }

  it("hold as many events as were asked for, and end with the last one", async () => {
    const id = await executionWith(Array.from({ length: 9 }, () => 1));
    const pages = await pagesOf(id, 3);
    expect(pages.map(({ events }) => events.map(({ sequence }) => sequence))).toEqual([
      ...[[1, 2, 3], [4, 5, 6], [7, 8, 9], [10]],
    ]);
    expect((await pagesOf(id, 5)).map(({ events }) => events.length)).toEqual([5, 5]);
    expect((await pagesOf(id, 3, 8)).map(({ events }) => events.map(({ sequence }) => sequence))).toEqual([[9, 10]]);
  });

  it("hold at most a thousand events when none, or more, are asked for", async () => {
    const id = await executionWith(Array.from({ length: 1_500 }, () => 1));
    for (const limit of [0, 4_000_000]) {
      expect((await pagesOf(id, limit)).map(({ events }) => events.length)).toEqual([1000, 501]);
    }
  });

  it("hold at most 1 MiB of event data, and a larger event alone", async () => {
    const large = 4 * mebibyte - 64 * 1024 - 2;
    const id = await executionWith([mebibyte / 4, mebibyte / 2, mebibyte / 2, large, 1, 1]);
    const pages = await pagesOf(id, 1000);
    expect(pages.map(({ events }) => events.map(({ sequence }) => sequence))).toEqual([[1, 2, 3], [4], [5], [6, 7]]);
    for (const { events } of pages.toSpliced(2, 1)) expect(bytesOf(events)).toBeLessThanOrEqual(pageBytesMax);
  });

  it("go on where they stopped when events were appended meanwhile", async () => {
    const id = await executionWith([1]);
    const first = await list(id, { limit: 1 });
    await harness.rows(
      `insert into workflow_event (id, org_id, workflow_execution_id, run, sequence_number, event_type, event_data, created_at)
       values ($1, $2, $3, 1, 3, 'SIGNAL_RECEIVED', '{}', now())`,
      [newId(), harness.orgId, id],
    );
    const { events } = await list(id, { limit: 10, cursor: first.nextCursor });
    expect(events.map(({ sequence }) => sequence)).toEqual([2, 3]);
  });

  it.each(["AAAA", "x", Buffer.from("0.1").toString("base64url"), Buffer.from("1.1;").toString("base64url")])(
    "are refused for %j, which is no cursor",
    async (cursor) => {
      const id = await executionWith([]);
      await expect(list(id, { cursor })).rejects.toMatchObject({ code: "InvalidInput", field: "cursor" });
    },
  );

  it("of an execution that is missing, of another org or of another partition are not found", async () => {
    const id = await executionWith([]);
    const foreign = harness.call("internal/ListEvents", listTypes, { workflowExecutionId: id }, harness.foreign);
    const refused = { code: "NotFound" };
    await expect(foreign).rejects.toMatchObject(refused);
    await expect(list(newId())).rejects.toMatchObject(refused);
    const [row] = await harness.rows<{ partition: number }>(
      "select partition_key as partition from workflow_execution where id = $1",
      [id],
    );
    const tag = (offset: number) => `{fp:${((row?.partition ?? 0) + offset) % 256}}:${id}`;
    expect((await list(tag(0))).events).toHaveLength(1);
    await expect(list(tag(1))).rejects.toMatchObject(refused);
  });
});
