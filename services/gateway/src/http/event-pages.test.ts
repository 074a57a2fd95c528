import { DomainError } from "@flovyn/domain";
import { describe, expect, it } from "vitest";
import { type EventPages, eventPagesStream } from "./event-pages.js";

const page = (nextCursor: string) => ({ events: [], nextCursor });

function open(change: Partial<EventPages>) {
  const [counted, cuts]: [number[], unknown[]] = [[], []];
  const stream = eventPagesStream({
    first: page("b"),
    next: async () => page(""),
    count: (bytes) => counted.push(bytes),
    cut: (error) => cuts.push(error),
    ...change,
  });
  return { reader: stream.getReader(), counted, cuts };
}

describe("a history that is sent page by page", () => {
  it("counts each page before it is sent", async () => {
    const { reader, counted, cuts } = open({});
    const sizes: (number | undefined)[] = [];
    for (let part = await reader.read(); !part.done; part = await reader.read()) sizes.push(part.value?.byteLength);
    expect(sizes).toEqual(counted);
    expect([counted.length, cuts]).toEqual([2, []]);
  });

  it("ends in silence when its reader leaves while a page is on its way", async () => {
    let answer = (_page: ReturnType<typeof page>): void => {};
    const next = () => new Promise<ReturnType<typeof page>>((resolve) => (answer = resolve));
    const { reader, counted, cuts } = open({ next });
    await reader.read();
    const second = reader.read();
    await reader.cancel();
    answer(page(""));
    expect((await second).done).toBe(true);
    expect([counted.length, cuts]).toEqual([1, []]);
  });

  it("is cut off when a page is more than may be unread", async () => {
    const error = new DomainError("LimitExceeded", "answer_bytes");
    const { reader, cuts } = open({
      count: () => {
        throw error;
      },
    });
    expect((await reader.read()).done).toBe(true);
    expect(cuts).toEqual([error]);
  });
});
