import { Metadata } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { readClaimEpoch, readLeaseMs, readPollHoldMs, readTraceparent, readWorkerSession } from "./metadata.js";

function metadata(key: string, value: string): Metadata {
  const made = new Metadata();
  made.set(key, value);
  return made;
}

describe("request metadata", () => {
  it("is all optional", () => {
    const empty = new Metadata();
    expect(readClaimEpoch(empty)).toBeUndefined();
    expect(readPollHoldMs(empty)).toBeUndefined();
    expect(readLeaseMs(empty)).toBe(0);
    expect(readWorkerSession(empty)).toBe(false);
    expect(readTraceparent(empty)).toBe("");
  });

  it("reads what callers send", () => {
    expect(readClaimEpoch(metadata("flovyn-claim-epoch", "9007199254740991"))).toBe(9007199254740991);
    expect(readPollHoldMs(metadata("flovyn-poll-hold-ms", "90000"))).toBe(60_000);
    expect(readLeaseMs(metadata("flovyn-lease-ms", "5000"))).toBe(5000);
    expect(readWorkerSession(metadata("flovyn-worker-session", "true"))).toBe(true);
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    expect(readTraceparent(metadata("traceparent", traceparent))).toBe(traceparent);
    expect(readTraceparent(metadata("traceparent", "nonsense"))).toBe("");
  });

  it.each([
    ["flovyn-claim-epoch", "-1", readClaimEpoch],
    ["flovyn-claim-epoch", "1.5", readClaimEpoch],
    ["flovyn-claim-epoch", "9007199254740993", readClaimEpoch],
    ["flovyn-poll-hold-ms", "soon", readPollHoldMs],
    ["flovyn-lease-ms", "4999", readLeaseMs],
    ["flovyn-lease-ms", "300001", readLeaseMs],
    ["flovyn-worker-session", "yes", readWorkerSession],
  ])("refuses %s: %s and names the key", (key, value, read) => {
    expect(() => read(metadata(key, value))).toThrow(expect.objectContaining({ code: "InvalidInput", field: key }));
  });
});
