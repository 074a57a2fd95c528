import { beforeEach, describe, expect, it } from "vitest";
import { testBudgets } from "../../test/test-budgets.js";
import type { Budget } from "../budgets/budget.js";
import { DeadlineWheel } from "../work/deadline-wheel.js";
import { EventStream, type StreamEnd } from "./event-stream.js";

let time: number;
let wheel: DeadlineWheel;
let ends: StreamEnd[];
let cuts: number;

beforeEach(() => {
  time = 0;
  wheel = new DeadlineWheel(() => time);
  ends = [];
  cuts = 0;
});

/** Of one stream. */
const bytesMax = 1000;

function open(budget: Budget = buffer({ connection: bytesMax })) {
  const stream = new EventStream({
    ...{ wheel, budget, holder: { org: "acme" }, now: () => time },
    cut: () => {
      cuts += 1;
    },
    ended: (why) => ends.push(why),
  });
  const reader = stream.body.getReader();
  return {
    stream,
    reader,
    budget,
    /** What a reader that was idle so far gets at once; undefined at the end. */
    read: async () => {
      const { value } = await reader.read();
      return value === undefined ? undefined : new TextDecoder().decode(value);
    },
  };
}

function buffer(limits: { connection?: number; process?: number }): Budget {
  return testBudgets({ stream_buffer_bytes: { org: 0, ...limits } }).stream_buffer_bytes;
}

function pass(seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    time += 1000;
    wheel.advance();
  }
}

describe("an event stream", () => {
  it("passes on what comes, together when the reader was busy", async () => {
    const { stream, read } = open();
    stream.send("a");
    stream.send("b");
    expect(await read()).toBe("ab");
    const next = read();
    await Promise.resolve();
    stream.send("c");
    stream.send("d");
    expect(await next).toBe("c");
    expect(await read()).toBe("d");
  });

  it("keeps the connection with a comment every 15 s, and not more of them than are read", async () => {
    const { stream, read } = open();
    pass(16);
    expect(await read()).toBe(": keep-alive\n\n");
    pass(100);
    stream.send("a");
    expect(await read()).toBe(": keep-alive\n\na");
  });

  it("closes after 5 minutes without an event", async () => {
    const { stream, read } = open();
    pass(200);
    stream.send("a");
    pass(295);
    expect(ends).toEqual([]);
    pass(20);
    expect(ends).toEqual(["silence"]);
    expect(await read()).toMatch(/^: keep-alive\n\na: closed: nothing happened for 5 minutes\n\n$/);
    expect(await read()).toBeUndefined();
  });

  it("ends with a comment when the reader is too slow, after what it could still hold", async () => {
    const { stream, read, budget } = open();
    const half = "x".repeat(bytesMax / 2);
    for (const text of [half, half, "one too many", "after the end"]) stream.send(text);
    expect(ends).toEqual(["slow"]);
    expect(await read()).toBe(`${half}${half}: closed: events came faster than they were read\n\n`);
    expect(await read()).toBeUndefined();
    expect(budget.used).toBe(0);
  });

  it("ends a slow reader when all streams together hold too much", () => {
    const budget = buffer({ process: 10 });
    const [first, second] = [open(budget), open(budget)];
    first.stream.send("12345");
    second.stream.send("12345");
    second.stream.send("6");
    expect(ends).toEqual(["slow"]);
    second.reader.cancel();
    expect(budget.used).toBe(5);
  });

  it("cuts off a reader that does not take its last bytes", async () => {
    const { stream, reader } = open();
    stream.end("drain");
    pass(9);
    expect(cuts).toBe(0);
    pass(2);
    expect([ends, cuts]).toEqual([["drain"], 1]);
    await reader.cancel();
    expect(ends).toEqual(["drain"]);
  });

  it("ends when the reader leaves, and forgets what waited", async () => {
    const { stream, reader, budget } = open();
    stream.send("a");
    await reader.cancel();
    stream.send("b");
    pass(400);
    expect([ends, cuts, budget.used, wheel.size]).toEqual([["left"], 0, 0, 0]);
  });
});
