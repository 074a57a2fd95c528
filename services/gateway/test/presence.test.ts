import { DomainError } from "@flovyn/domain";
import { WorkersSeenRequest } from "@flovyn/proto/internal";
import { waitFor } from "@flovyn/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { workersPerPeerMax } from "../src/limits.js";
import { Presence } from "../src/presence/presence.js";
import { FakeServices, quietLog } from "./fake-services.js";

let services: FakeServices;
let nowMs: number;
let waiting: string[];
let presence: Presence;

beforeEach(async () => {
  services = new FakeServices();
  await services.start("dispatch");
  services.answer("internal/WorkersSeen", new Uint8Array());
  nowMs = 0;
  waiting = [];
  presence = new Presence({
    bus: services.bus,
    log: quietLog as never,
    now: () => nowMs,
    eachWaiting: (visit) => {
      for (const workerId of waiting) visit(worker(workerId));
    },
  });
});

const worker = (workerId: string, principal = "Worker/alice") => ({ orgId: "org", principal, workerId });

/** What each report said: worker ids, lost ones with a minus sign. */
const reports = () =>
  services
    .of("internal/WorkersSeen")
    .map(({ payload }) =>
      WorkersSeenRequest.decode(payload).workers.map(({ workerId, lost }) => (lost ? `-${workerId}` : workerId)),
    );

describe("Presence", () => {
  it("says nothing when nobody was seen", async () => {
    await presence.runOnce();
    expect(reports()).toEqual([]);
  });

  it("reports each worker once per pass, whatever it did", async () => {
    presence.seen(worker("a"), "peer-1");
    presence.seen(worker("a"), "peer-1");
    presence.seen(worker(""), "peer-2");
    waiting = ["a", "b"];
    await presence.runOnce();
    await presence.runOnce();
    expect(reports()).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
  });

  it("takes any call on a connection as a sign of life of the workers that polled over it", async () => {
    presence.seen(worker("text id"), "peer-1");
    presence.seen(worker("uuid"), "peer-1");
    presence.seen(worker("elsewhere"), "peer-2");
    await presence.runOnce();
    presence.call("peer-1");
    presence.call("peer-3");
    await presence.runOnce();
    await presence.runOnce();
    expect(reports()).toEqual([
      ["text id", "uuid", "elsewhere"],
      ["text id", "uuid"],
    ]);
  });

  it("does not take the calls of a proxy for signs of life of all behind it, and forgets silent connections", async () => {
    for (let index = 0; index <= workersPerPeerMax; index++) presence.seen(worker(`w${index}`), "proxy");
    presence.seen(worker("a"), "peer-1");
    await presence.runOnce();
    presence.call("proxy");
    nowMs += 100_000;
    await presence.runOnce();
    presence.call("peer-1");
    await presence.runOnce();
    expect(reports()).toHaveLength(1);
  });

  it("reports the end of the last session stream at once as a loss, also after calls in the same pass", async () => {
    presence.seen(worker("a"), "peer-1");
    const endFirst = presence.openSession(worker("a"), "peer-1");
    const endSecond = presence.openSession(worker("a"), "peer-1");
    await waitFor("the report of the arrival", () => reports().length === 1);
    presence.call("peer-1");
    endFirst(true);
    endSecond(true);
    await waitFor("the loss", () => reports().length === 2);
    await presence.runOnce();
    expect(reports()).toEqual([["a"], ["-a"]]);
  });

  it("keeps workers of the same id apart by their principals, also where one text runs into the other", async () => {
    const workers = [worker("a", "Worker/alice"), worker("a", "User/alice"), worker("b a", "Worker/alice")];
    workers.push(worker("a", "Worker/alice b"), { ...worker("a"), orgId: "other" });
    const ends = workers.map((one) => presence.openSession(one, "peer-1"));
    await waitFor("the report of the arrivals", () => reports().length === 1);
    ends[1]?.(true);
    await waitFor("the loss", () => reports().length === 2);
    const sent = services.of("internal/WorkersSeen").map(({ payload }) => WorkersSeenRequest.decode(payload).workers);
    expect(sent[0]).toEqual(workers.map((one) => ({ ...one, lost: false, session: true })));
    expect(sent[1]).toEqual([{ ...workers[1], lost: true, session: true }]);
    await presence.runOnce();
    expect(reports()[2]).toHaveLength(workers.length - 1);
  });

  it("takes a loss back when the worker returns before it was reported", async () => {
    presence.openSession(worker("a"), "peer-1")(true);
    presence.openSession(worker("a"), "peer-2");
    await waitFor("the report", () => reports().length === 1);
    expect(reports()).toEqual([["a"]]);
  });

  it("reports what it could not report with the next pass, newer signs first", async () => {
    services.fail("internal/WorkersSeen", new DomainError("Unavailable", "dispatch is away"));
    presence.seen(worker("a"), "peer-1");
    presence.openSession(worker("b"), "peer-2")(true);
    await presence.runOnce();
    services.answer("internal/WorkersSeen", new Uint8Array());
    const failed = reports().length;
    presence.openSession(worker("b"), "peer-3");
    await presence.stop();
    expect(reports().slice(failed).flat().sort()).toEqual(["a", "b"]);
  });
});
