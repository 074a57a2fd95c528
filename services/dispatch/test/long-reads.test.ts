/** Goal: long histories are read one of an org at a time while several orgs call, each whole, and not for callers that have given up. */
import type { listEventPage } from "@flovyn/db";
import { newId } from "@flovyn/domain";
import { GetEventsResponse } from "@flovyn/proto/v1";
import { ActiveOrgs } from "@flovyn/runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LongReads } from "../src/long-reads.js";
import { command, Harness } from "./harness.js";

const eventsPerHistory = 2_500;
let harness: Harness;
let workflowId: string;

beforeAll(async () => {
  harness = await new Harness().start(1);
  const execution = await harness.running();
  workflowId = execution.id;
  const commands = Array.from({ length: eventsPerHistory - 1 }, (_, n) => command.record("n", String(n)));
  await harness.submit({ workflowExecutionId: workflowId, commands, claimEpoch: execution.claimEpoch ?? 0 });
});

afterAll(() => harness.stop());

/** Reads with a database that says how many pages are read at the same time. */
function reads(nowMs = () => performance.now()) {
  const { db } = harness.contexts[0] as { db: Parameters<typeof listEventPage>[0] };
  const seen = { running: 0, most: 0 };
  const watched = new Proxy(db as object, {
    get(target, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        const result = Reflect.apply(value, target, args) as unknown;
        if (!(result instanceof Promise)) return result;
        seen.running += 1;
        seen.most = Math.max(seen.most, seen.running);
        return result.finally(() => {
          seen.running -= 1;
        });
      };
    },
  });
  const orgs = new ActiveOrgs(nowMs);
  return { seen, orgs, longReads: new LongReads({ db: watched as never, orgs, now: nowMs }) };
}

const whole = (longReads: LongReads, timeoutMs = 60_000) =>
  longReads.whole({ orgId: harness.orgId, workflowId, run: 1, sequence: eventsPerHistory, timeoutMs });
const countOf = (answer: Uint8Array) => GetEventsResponse.decode(answer).events.length;

describe("long histories", () => {
  it("of one org are read one at a time while another org calls, each whole", async () => {
    const { seen, orgs, longReads } = reads();
    orgs.note(newId());
    const answers = await Promise.all([whole(longReads), whole(longReads), whole(longReads)]);
    expect(answers.map(countOf)).toEqual([eventsPerHistory, eventsPerHistory, eventsPerHistory]);
    expect(seen.most).toBe(1);
  });

  it("of an org that calls alone are read two at a time", async () => {
    const { seen, longReads } = reads();
    const answers = await Promise.all([whole(longReads), whole(longReads), whole(longReads)]);
    expect(answers.map(countOf)).toEqual([eventsPerHistory, eventsPerHistory, eventsPerHistory]);
    expect(seen.most).toBe(2);
  });

  it("are not read for a caller that has given up by its turn", async () => {
    let nowMs = 0;
    const { longReads } = reads(() => nowMs);
    const first = [whole(longReads), whole(longReads)];
    const late = whole(longReads, 50);
    nowMs = 51;
    await expect(late).rejects.toMatchObject({ code: "Timeout" });
    expect((await Promise.all(first)).map(countOf)).toEqual([eventsPerHistory, eventsPerHistory]);
  });
});
