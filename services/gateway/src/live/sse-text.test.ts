import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readEvents } from "../../test/sse-client.js";
import { sseComment, sseEvent } from "./sse-text.js";

describe("server-sent events", () => {
  it("are written with a name, an id and a line for each line of the data", () => {
    expect(sseEvent({ name: "token", data: "a\nb" })).toBe("event: token\ndata: a\ndata: b\n\n");
    expect(sseEvent({ name: "data", data: "{}", id: "x:1" })).toBe("event: data\nid: x:1\ndata: {}\n\n");
    expect(sseComment("keep-alive")).toBe(": keep-alive\n\n");
  });

  it("carry any text, but for the kind of line ends", () => {
    const text = fc.string({ unit: fc.constantFrom("a", " ", "\n", "\r", "\t", ":", "é", "漢", "😀", "{", '"') });
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        const written = texts.map((data) => sseEvent({ name: "token", data }) + sseComment("c")).join("");
        const { events } = readEvents(written);
        expect(events.map(({ data }) => data)).toEqual(texts.map((data) => data.replaceAll(/\r\n?/g, "\n")));
      }),
    );
  });
});
