import { expect, test } from "vitest";
import { LatestSender } from "./latest-sender.js";
import { type LogLine, LogSender } from "./log-sender.js";

/** A send function whose calls the test ends one by one. */
function createSends<Value>() {
  const sent: Value[] = [];
  const waiting: (() => void)[] = [];
  const send = (value: Value) => {
    sent.push(value);
    return new Promise<void>((resolve) => waiting.push(resolve));
  };
  const finishOne = async () => {
    waiting.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { sent, send, finishOne };
}

test("of progress that comes too fast only the latest is sent", async () => {
  const { sent, send, finishOne } = createSends<number>();
  const sender = new LatestSender(send);
  for (const value of [1, 2, 3]) sender.offer(value);
  expect(sent).toEqual([1]);
  await finishOne();
  expect(sent).toEqual([1, 3]);
  await finishOne();
  sender.offer(4);
  expect(sent).toEqual([1, 3, 4]);
});

test("log lines go in order, and a flood is cut with a note", async () => {
  const { sent, send, finishOne } = createSends<LogLine>();
  const sender = new LogSender(send);
  for (let n = 0; n < 205; n++) sender.offer({ level: "INFO", message: `line ${n}` });
  for (let n = 0; n < 205; n++) await finishOne();
  expect(sent).toHaveLength(202);
  expect(sent.slice(0, 2).map((line) => line.message)).toEqual(["line 0", "line 1"]);
  expect(sent.at(-1)).toEqual({
    level: "WARN",
    message: "4 log lines were dropped, they came faster than they could be sent",
  });
});
