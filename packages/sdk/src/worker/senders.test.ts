import { expect, test } from "vitest";
import { silentLogger } from "../logger.js";
import { LatestSender } from "./latest-sender.js";
import { createLogSender, type LogLine } from "./log-sender.js";
import { createStreamSender, createTaskStream, type StreamChunk } from "./task-stream.js";

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
  const sender = createLogSender(send);
  for (let n = 0; n < 205; n++) sender.offer({ level: "INFO", message: `line ${n}` });
  for (let n = 0; n < 205; n++) await finishOne();
  expect(sent).toHaveLength(202);
  expect(sent.slice(0, 2).map((line) => line.message)).toEqual(["line 0", "line 1"]);
  expect(sent.at(-1)).toEqual({
    level: "WARN",
    message: "4 log lines were dropped, they came faster than they could be sent",
  });
});

test("streamed pieces go in order under the type of their kind", async () => {
  const { sent, send, finishOne } = createSends<StreamChunk>();
  const sender = createStreamSender(send, silentLogger);
  const stream = createTaskStream((chunk) => sender.offer(chunk), silentLogger);
  stream.token("\t汉字 {}");
  stream.token("");
  stream.progress(0.5, "half way");
  stream.progress(1);
  stream.data({ n: [1, null] });
  stream.data(undefined);
  stream.error("slow", "E_SLOW");
  stream.error("odd");
  const all = sender.sent();
  for (let n = 0; n < 8; n++) await finishOne();
  await all;
  expect(sent.map(({ sequence, type, payload }) => [sequence, type, payload])).toEqual([
    [0, 1, '{"type":"token","text":"\\t汉字 {}"}'],
    [1, 1, '{"type":"token","text":""}'],
    [2, 2, '{"type":"progress","progress":0.5,"details":"half way"}'],
    [3, 2, '{"type":"progress","progress":1}'],
    [4, 3, '{"type":"data","data":{"n":[1,null]}}'],
    [5, 3, '{"type":"data","data":null}'],
    [6, 4, '{"type":"error","message":"slow","code":"E_SLOW"}'],
    [7, 4, '{"type":"error","message":"odd"}'],
  ]);
});

test("a streamed piece that cannot be sent is left out with a line in the log, and so is a flood", async () => {
  const warnings: string[] = [];
  const log = { ...silentLogger, warn: (message: string) => warnings.push(message) };
  const { sent, send, finishOne } = createSends<StreamChunk>();
  const sender = createStreamSender(send, log);
  const stream = createTaskStream((chunk) => sender.offer(chunk), log);
  stream.data(1n);
  stream.progress(Number.NaN);
  expect(warnings).toEqual(["a streamed piece cannot be written as JSON", "streamed progress must be from 0 to 1"]);
  expect(sent).toEqual([]);
  for (let n = 0; n < 5000; n++) stream.token("x");
  const all = sender.sent();
  for (let n = 0; n < 5000; n++) await finishOne();
  await all;
  expect(sent).toHaveLength(4097);
  expect(sent.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 4097 }, (_, n) => n));
  expect(warnings.at(-1)).toContain("dropped");
});
