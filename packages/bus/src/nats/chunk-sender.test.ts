import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type ChunkSender, type ChunkStream, createChunkSender } from "./chunk-sender.js";

/** A stream of `count` chunks that records what was sent. */
function testStream(count: number): ChunkStream & { sent: { index: number; last: boolean; stream: number }[] } {
  const sent: { index: number; last: boolean; stream: number }[] = [];
  return {
    payload: new Uint8Array(count * 10 - 1),
    chunkBytes: 10,
    wanted: () => true,
    send: ({ index, last }, stream) => sent.push({ index, last, stream }),
    sent,
  };
}

/** Acknowledges everything, turn by turn, until the stream ended. */
async function acknowledgeAll(sender: ChunkSender, stream: ReturnType<typeof testStream>, end: Promise<unknown>) {
  let ended = false;
  const watching = end.finally(() => {
    ended = true;
  });
  for (let next = 0; !ended; ) {
    for (; next < stream.sent.length; next += 1) sender.acknowledged(stream.sent[next]?.stream ?? 0, true);
    await turn();
  }
  return watching;
}

const longMs = 60_000;

describe("the sender of chunks", () => {
  it("sends a window, then one chunk for each acknowledgement, and the last one marked", async () => {
    const sender = createChunkSender(longMs);
    const stream = testStream(20);
    const end = sender.send(stream);
    await turn();
    expect(stream.sent.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    sender.acknowledged(stream.sent[0]?.stream ?? 0, true);
    await turn();
    expect(stream.sent.length).toBe(5);
    for (const { stream: id } of stream.sent.slice(1)) sender.acknowledged(id, true);
    await turn();
    expect(stream.sent.length).toBe(9);
    expect(await acknowledgeAll(sender, stream, end)).toBe("sent");
    expect(stream.sent.map(({ last }) => last)).toEqual([...Array.from({ length: 19 }, () => false), true]);
  });

  it("sends few streams at once and all of them in the end", async () => {
    const sender = createChunkSender(longMs);
    const streams = Array.from({ length: 10 }, () => testStream(12));
    const ends = streams.map((stream) => sender.send(stream));
    await turn();
    expect(streams.filter((stream) => stream.sent.length > 0).length).toBe(4);
    expect(
      await Promise.all(
        streams.map((stream, index) =>
          acknowledgeAll(sender, stream, ends[index] ?? Promise.reject(new Error("no stream"))),
        ),
      ),
    ).toEqual(streams.map(() => "sent"));
  });

  it("stops when the taker wants no more, or nobody wants the payload", async () => {
    const sender = createChunkSender(longMs);
    const refused = testStream(20);
    const end = sender.send(refused);
    sender.acknowledged(refused.sent[0]?.stream ?? 0, false);
    expect(await end).toBe("stopped");
    expect(await sender.send({ ...testStream(3), wanted: () => false })).toBe("stopped");
  });

  it("is lost with its taker, with the connection, and when nothing is acknowledged", async () => {
    const sender = createChunkSender(30);
    const [gone, cut, silent] = [testStream(20), testStream(20), testStream(20)];
    const goneEnd = sender.send(gone);
    sender.lost(gone.sent[0]?.stream ?? 0);
    expect(await goneEnd).toBe("lost");
    const cutEnd = sender.send(cut);
    sender.loseAll();
    expect(await cutEnd).toBe("lost");
    expect(await sender.send(silent)).toBe("lost");
    expect(silent.sent.length).toBe(4);
  });

  it("passes on what sending throws, and goes on with the next stream", async () => {
    const sender = createChunkSender(longMs);
    const broken = {
      ...testStream(2),
      send: () => {
        throw new Error("closed");
      },
    };
    await expect(Promise.all([1, 2, 3, 4, 5].map(() => sender.send(broken)))).rejects.toThrow("closed");
    const stream = testStream(2);
    expect(await acknowledgeAll(sender, stream, sender.send(stream))).toBe("sent");
  });
});
