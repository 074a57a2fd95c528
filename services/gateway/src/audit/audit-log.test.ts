import { DomainError } from "@flovyn/domain";
import { beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../test/silent-log.js";
import { auditBatchMax, auditLostAtOnce, auditWaitingMax, deniedEntriesPerMinute } from "../limits.js";
import type { AuditEntry, AuditedCall } from "./audit-entry.js";
import { AuditLog } from "./audit-log.js";

let nowMs: number;
let stored: AuditEntry[];
let sent: number[];
let failing: boolean;
let counts: { recorded: number; lost: number };
let audit: AuditLog;

beforeEach(() => {
  nowMs = 1_800_000_000_000;
  [stored, sent, failing, counts] = [[], [], false, { recorded: 0, lost: 0 }];
  audit = new AuditLog({
    now: () => nowMs,
    log: silentLog,
    count: (what) => {
      counts[what] += 1;
    },
    send: async (entries) => {
      sent.push(entries.length);
      if (failing) throw new DomainError("Unavailable", "the database is away");
      if (entries.some(({ resourceId }) => resourceId === "poison")) throw new DomainError("PayloadTooLarge", "no");
      stored.push(...entries);
    },
  });
});

const call = (change: Partial<AuditedCall> = {}): AuditedCall => ({
  ...{ orgId: "org", principalType: "User", principalId: "alice", role: "ADMIN", action: "cancelWorkflowExecution" },
  ...{ resourceType: "WorkflowExecution", resourceId: "w", outcome: "allowed", reason: "", address: "::1" },
  ...{ requestId: "r", door: "http" },
  ...change,
});
const denied = (change: Partial<AuditedCall> = {}) => call({ outcome: "denied", reason: "Forbidden", ...change });

describe("the audit log", () => {
  it("stores entries together, in their order, with an id and a time of their own", async () => {
    audit.record(call({ resourceId: "1" }));
    nowMs += 5;
    audit.record(call({ resourceId: "2" }));
    await audit.runOnce();
    expect(sent).toEqual([2]);
    expect(stored.map(({ resourceId, atMs }) => [resourceId, atMs])).toEqual([
      ["1", nowMs - 5],
      ["2", nowMs],
    ]);
    expect(new Set(stored.map(({ id }) => id)).size).toBe(2);
    await audit.runOnce();
    expect(sent).toEqual([2]);
  });

  it("stores many in several batches", async () => {
    for (let n = 0; n < auditBatchMax + 1; n++) audit.record(call());
    await audit.runOnce();
    expect(sent).toEqual([auditBatchMax, 1]);
  });

  it("keeps what could not be stored, and stores the same entries later", async () => {
    failing = true;
    audit.record(call());
    await audit.runOnce();
    expect(stored).toEqual([]);
    failing = false;
    audit.record(call());
    await audit.runOnce();
    expect(stored).toHaveLength(2);
    expect(counts).toEqual({ recorded: 2, lost: 0 });
  });

  it("loses the oldest, and counts them, when too many wait", async () => {
    for (let n = 0; n < auditWaitingMax + 3; n++) audit.record(call({ resourceId: String(n) }));
    expect(counts.lost).toBe(auditLostAtOnce);
    await audit.runOnce();
    expect(stored[0]?.resourceId).toBe(String(auditLostAtOnce));
    expect(stored).toHaveLength(auditWaitingMax + 3 - auditLostAtOnce);
  });

  it("loses denied attempts before what was done", async () => {
    const stranger = (n: number) => denied({ address: `10.0.0.${n}`, principalId: "" });
    for (let n = 0; n < auditWaitingMax; n++) audit.record(n < 150 ? stranger(n) : call());
    for (let n = 150; n < 160; n++) audit.record(stranger(n));
    expect(counts.lost).toBe(10);
    for (let n = 0; n < 250; n++) audit.record(call({ resourceId: `late ${n}` }));
    // The first two rounds of room were denied attempts, the third one had none left.
    expect(counts.lost).toBe(10 + 250);
    for (let n = 160; n < 300; n++) audit.record(stranger(n));
    await audit.runOnce();
    expect(stored.filter(({ outcome }) => outcome === "denied")).toEqual([]);
    expect(stored).toHaveLength(auditWaitingMax);
  });

  it("does not lose what is being stored", async () => {
    for (let n = 0; n < auditWaitingMax; n++) audit.record(call({ resourceId: String(n) }));
    const storing = audit.runOnce();
    audit.record(call({ resourceId: "late" }));
    await storing;
    expect(counts).toEqual({ recorded: auditWaitingMax + 1 - auditLostAtOnce, lost: auditLostAtOnce });
    expect(stored).toHaveLength(counts.recorded);
    expect(stored[auditBatchMax]?.resourceId).toBe(String(auditBatchMax + auditLostAtOnce));
  });

  it("loses what cannot be stored at all, and nothing beside it", async () => {
    for (let n = 0; n < 700; n++) audit.record(call({ resourceId: n === 300 ? "poison" : String(n) }));
    await audit.runOnce();
    expect(counts).toEqual({ recorded: 699, lost: 1 });
    expect(stored.map(({ resourceId }) => resourceId)).toEqual(
      Array.from({ length: 700 }, (_, n) => String(n)).filter((n) => n !== "300"),
    );
  });

  it("stores what waits at its end, and says what it could not", async () => {
    audit.record(call());
    await audit.stop();
    expect(stored).toHaveLength(1);
    failing = true;
    audit.record(call());
    await audit.stop();
    expect(counts).toEqual({ recorded: 1, lost: 1 });
  });
});

describe("denied attempts", () => {
  it("of one caller are recorded up to a bound, then counted when the minute is over", async () => {
    for (let n = 0; n < 1000; n++) audit.record(denied());
    await audit.runOnce();
    expect(stored).toHaveLength(deniedEntriesPerMinute);
    nowMs += 60_000;
    await audit.runOnce();
    const more = 1000 - deniedEntriesPerMinute;
    expect(stored.at(-1)?.reason).toBe(`Forbidden (${more} times in a minute beside those recorded)`);
    expect(stored).toHaveLength(deniedEntriesPerMinute + 1);
    audit.record(denied());
    await audit.runOnce();
    expect(stored).toHaveLength(deniedEntriesPerMinute + 2);
  });

  it("of another caller, action or address count by themselves", async () => {
    for (let n = 0; n < 100; n++) audit.record(denied());
    const others = [
      denied({ principalId: "bob" }),
      denied({ action: "createOrg" }),
      denied({ orgId: "other" }),
      denied({ principalId: "", address: "10.0.0.1" }),
      denied({ principalId: "", address: "10.0.0.2" }),
    ];
    for (const other of others) audit.record(other);
    await audit.runOnce();
    expect(stored).toHaveLength(deniedEntriesPerMinute + others.length);
  });

  it("from one network of IPv6 count together", async () => {
    for (let n = 0; n < 100; n++) audit.record(denied({ principalId: "", address: `2001:db8::${n}:1` }));
    audit.record(denied({ principalId: "", address: "2001:db8:0:1::1" }));
    await audit.runOnce();
    expect(stored).toHaveLength(deniedEntriesPerMinute + 1);
  });

  it("under a new name each time stay within bounds, and none goes without a trace", async () => {
    for (let n = 0; n < 30_000; n++) audit.record(denied({ principalId: "", address: `10.0.${n >> 8}.${n & 255}` }));
    expect(counts.lost).toBe(30_000 - auditWaitingMax);
    expect(auditWaitingMax % auditLostAtOnce).toBe(0);
  });
});
