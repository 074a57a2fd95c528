/**
 * Goal: whatever a task streams, its watchers get one event with one well-formed text that says the same, alone and together with
 * others. Approach: payloads made of what ends lines, events and texts.
 */
import { StreamHint } from "@flovyn/proto/internal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readEvents } from "../../test/sse-client.js";
import { chunkEvent, chunkTypeOf } from "./chunk-event.js";
import { eventNames } from "./live-event.js";
import { sharedText } from "./live-streams.js";
import { sseEvent } from "./sse-text.js";

const id = "0190a5c0-0000-7000-8000-00000000000a";
const pieces = [
  "a",
  "\n",
  "\r",
  "\0",
  "\u2028",
  "\ud800",
  "\ufeff",
  '"',
  "}",
  "data: {}",
  "event: data",
  "id: 1",
  "\n\n",
  "😀",
];
const text = fc.array(fc.constantFrom(...pieces)).map((parts) => parts.join(""));
const value = fc.letrec((tie) => ({
  value: fc.oneof(text, fc.double(), fc.constant(null), fc.array(tie("value"), { maxLength: 3 }), tie("object")),
  object: fc.dictionary(
    fc.oneof(text, fc.constantFrom("type", "data", "text", "progress", "__proto__")),
    tie("value"),
    {
      maxKeys: 4,
    },
  ),
}));
/** As a sender may write it: on one line, or on several. */
const payload = fc
  .tuple(value.object, fc.constantFrom(undefined, 1, "\t"))
  .map(([object, space]) => JSON.stringify(object, undefined, space));

function written(name: string, data: string) {
  const { events, comments, rest } = readEvents(sseEvent({ name, data }));
  expect([comments, rest]).toEqual([[], ""]);
  expect(events).toHaveLength(1);
  expect(events[0]?.name).toBe(name);
  return events[0]?.data ?? "";
}

describe("a chunk that a task streams", () => {
  it("is one event, and the same in a stream that is shared", () => {
    fc.assert(
      fc.property(payload, fc.constantFrom("token", "progress", "data", "error"), (sent, type) => {
        const chunk = StreamHint.fromPartial({ workflowExecutionId: id, type, payload: sent });
        const event = chunkEvent(chunk, chunkTypeOf(chunk) ?? expect.fail());
        const object = JSON.parse(sent) as { text?: unknown; progress?: unknown };
        const isText = type === "token" && typeof object.text === "string";
        const isNumber = type === "progress" && typeof object.progress === "number";
        const said = isText ? object.text : isNumber ? object.progress : object;

        const alone = written(eventNames[event.type], event.text);
        if (isText) expect(alone).toBe(String(object.text).replaceAll(/\r\n?/g, "\n"));
        else expect(JSON.parse(alone)).toEqual(said);

        const shared = written(eventNames[event.type], sharedText(event));
        expect(JSON.parse(shared)).toEqual({ workflowExecutionId: id, data: said });
      }),
    );
  });
});
