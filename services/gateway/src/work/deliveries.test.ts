/**
 * Goal: work that was written to a dead connection goes back, and work of a live worker never does. Approach: a connection
 * whose pings the test answers, or does not, and a clock that it moves.
 */
import { EventEmitter } from "node:events";
import type { Http2Session } from "node:http2";
import { beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../test/silent-log.js";
import { deliveryAnswerMs, deliveryPingMs, deliveryTasksMs } from "../limits.js";
import { DeadlineWheel } from "./deadline-wheel.js";
import { Deliveries, type Delivery } from "./deliveries.js";

class Connection extends EventEmitter {
  destroyed = false;
  readonly pings: ((error: Error | null) => void)[] = [];

  ping(answer: (error: Error | null) => void): boolean {
    this.pings.push(answer);
    return true;
  }

  get session(): Http2Session {
    return this as unknown as Http2Session;
  }
}

let nowMs: number;
let wheel: DeadlineWheel;
let released: string[];
let ended: Http2Session[];
let deliveries: Deliveries;
let connection: Connection;

beforeEach(() => {
  nowMs = 100_000;
  released = [];
  ended = [];
  wheel = new DeadlineWheel(() => nowMs);
  connection = new Connection();
  deliveries = new Deliveries({
    ...{ wheel, now: () => nowMs, log: silentLog },
    release: (items) => released.push(...items.map(({ id }) => id)),
    endPolls: (session) => ended.push(session),
  });
});

const worker = { orgId: "org", principal: "Worker/w", workerId: "w" };

function deliver(id: string, kind: Delivery["kind"] = "workflow", to = connection): void {
  deliveries.delivered(to.session, { ...worker, kind, queue: "q", id, claimEpoch: 1 });
}

/** Lets time pass in steps that the wheel looks at, as a process does that is not busy. */
function pass(ms: number): void {
  for (const until = nowMs + ms; nowMs < until; ) {
    nowMs = Math.min(until, nowMs + 50);
    wheel.advance();
  }
}

describe("work on a connection that answers", () => {
  it("stays where it is, and many items are one ping", () => {
    for (const id of ["a", "b", "c"]) deliver(id);
    pass(deliveryPingMs + 50);
    expect(connection.pings).toHaveLength(1);
    connection.pings[0]?.(null);
    pass(2 * deliveryTasksMs);
    expect([released, connection.pings.length]).toEqual([[], 1]);
  });

  it("is asked for again only for what came after the ping", () => {
    deliver("a");
    pass(deliveryPingMs + 50);
    deliver("b");
    connection.pings[0]?.(null);
    pass(deliveryPingMs + 50);
    expect(connection.pings).toHaveLength(2);
    connection.pings[1]?.(null);
    pass(deliveryTasksMs);
    expect(released).toEqual([]);
  });

  it("stays with a worker that closes it in order", () => {
    deliver("a");
    connection.emit("close");
    pass(deliveryTasksMs);
    expect(released).toEqual([]);
  });
});

describe("work on a connection that does not answer", () => {
  it("goes back after ten seconds when it is a workflow, with what came meanwhile, and its polls end", () => {
    deliver("a");
    pass(deliveryPingMs + 50);
    deliver("b");
    pass(deliveryAnswerMs - 200);
    expect(released).toEqual([]);
    pass(250);
    expect(released).toEqual(["a", "b"]);
    expect(ended).toEqual([connection.session]);
  });

  it("goes back when it is a task as soon as its worker polls over another connection", () => {
    deliver("t", "task");
    pass(deliveryPingMs + deliveryAnswerMs + 100);
    deliveries.polled(worker, connection.session);
    deliveries.polled({ ...worker, workerId: "other" }, new Connection().session);
    expect(released).toEqual([]);
    deliveries.polled(worker, new Connection().session);
    expect(released).toEqual(["t"]);
  });

  it("goes back when it is a task after a minute, when nothing else says that its worker is gone", () => {
    deliver("t", "task");
    pass(deliveryPingMs + deliveryAnswerMs + deliveryTasksMs - 100);
    expect(released).toEqual([]);
    pass(300);
    expect(released).toEqual(["t"]);
  });

  it("stays with a worker that was blocked, and answers late", () => {
    deliver("t", "task");
    pass(deliveryPingMs + deliveryAnswerMs + 100);
    connection.pings[0]?.(null);
    deliveries.polled(worker, new Connection().session);
    pass(2 * deliveryTasksMs);
    expect(released).toEqual([]);
  });

  it("goes back at once when the connection breaks", () => {
    deliver("a");
    deliver("t", "task");
    connection.emit("error", new Error("reset"));
    connection.emit("close");
    expect(released).toEqual(["a", "t"]);
    pass(deliveryTasksMs);
    expect(released).toEqual(["a", "t"]);
  });

  it("is not blamed on the worker while this process was busy itself", () => {
    deliver("a");
    pass(deliveryPingMs + 50);
    nowMs += deliveryAnswerMs + 5000;
    wheel.advance();
    expect(released).toEqual([]);
    connection.pings[0]?.(null);
    pass(deliveryTasksMs);
    expect(released).toEqual([]);
  });
});
