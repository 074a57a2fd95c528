import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  acknowledgementSubject,
  answersSubject,
  batchSubject,
  endedSubject,
  inboxOf,
  inboxSubject,
  isReplicaSubject,
  lifecycleSubject,
  parseInboxToken,
  replicaSubject,
  requestSubject,
  streamSubject,
  workSubject,
} from "./subjects.js";

describe("subjects", () => {
  it("hold a queue of any text as one token that differs from every other queue", () => {
    const anyQueue = fc.string({ unit: "grapheme", minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(anyQueue, anyQueue, (one, other) => {
        const subject = workSubject("task", "org-1", one);
        expect(subject.split(".").length).toBe(5);
        expect(subject).toMatch(/^flovyn\.work\.task\.org-1\.[A-Za-z0-9_-]+$/);
        const queue = Buffer.from(subject.split(".")[4] ?? "", "base64url").toString();
        expect(queue).toBe(one);
        expect(workSubject("task", "org-1", other) === subject).toBe(one === other);
      }),
    );
  });

  it.each(["", "a.b", "*", ">", "a b", "ä"])("refuse %j as a token", (bad) => {
    expect(() => endedSubject(bad)).toThrowError(expect.objectContaining({ code: "Internal" }));
    expect(() => workSubject("task", bad, "q")).toThrow();
    expect(() => lifecycleSubject(bad)).toThrow();
    expect(() => streamSubject("org", bad)).toThrow();
    expect(() => requestSubject(bad)).toThrow();
    expect(() => replicaSubject("tasks", bad)).toThrow();
    expect(() => inboxSubject(bad)).toThrow();
  });

  it("tell what arrived in an inbox", () => {
    const inbox = inboxSubject("one");
    expect(parseInboxToken(answersSubject(inbox))).toEqual({ kind: "answers" });
    expect(parseInboxToken(batchSubject(inbox, 12))).toEqual({ kind: "batch", number: 12 });
    expect(parseInboxToken(acknowledgementSubject(inbox, 7))).toEqual({ kind: "acknowledgement", number: 7 });
    for (const bad of ["", "q", "qx", "x1", "rr", "a1.5e"]) {
      expect(parseInboxToken(`${inbox}.${bad}`)).toBeUndefined();
    }
  });

  it("take answers to inboxes only", () => {
    const inbox = inboxSubject("one");
    expect(inboxOf(batchSubject(inbox, 3))).toBe(inbox);
    for (const bad of ["", "flovyn.rpc.tasks", "_INBOX.flovyn.", "_INBOX.flovyn.x", "_INBOX.other.x.q1"]) {
      expect(inboxOf(bad)).toBeUndefined();
    }
  });

  it("know the replicas of a service", () => {
    expect(isReplicaSubject(replicaSubject("tasks", "abc"), "tasks")).toBe(true);
    for (const bad of [
      "flovyn.rpc.tasks",
      "flovyn.rpc.tasks.",
      "flovyn.rpc.tasks.*",
      "flovyn.rpc.tasks.a.b",
      "elsewhere",
    ]) {
      expect(isReplicaSubject(bad, "tasks")).toBe(false);
    }
    expect(isReplicaSubject(replicaSubject("tasks", "abc"), "timers")).toBe(false);
  });
});
