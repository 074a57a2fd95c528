import type { ListEventsResponse } from "@flovyn/proto/internal";
import { type JsonText, jsonArray, jsonBytes, jsonObject } from "./json-text.js";
import { eventJson } from "./views.js";

type Page = Pick<ListEventsResponse, "events" | "nextCursor">;

/** One page of a history. */
export function eventPageJson({ events, nextCursor }: Page): JsonText {
  return jsonObject([
    ["events", jsonArray(events.map(eventJson))],
    ["nextCursor", nextCursor === "" ? null : nextCursor],
  ]);
}

export interface EventPages {
  first: Page;
  next: (cursor: string) => Promise<Page>;
  /** Called with the bytes of each page before it is sent. What it throws ends the stream. */
  count: (bytes: number) => void;
  /** Ends the connection, so that its reader sees that events are missing. Not called when the reader left. */
  cut: (error: unknown) => void;
}

/**
 * A whole history in the same form, of which one page is held at a time: the next one is asked for when the reader has
 * taken the one before.
 */
export function eventPagesStream({ first, next, count, cut }: EventPages): ReadableStream<Uint8Array> {
  let hasLeft = false;
  let page: Page | undefined = first;
  let cursor = "";
  let separator = listStart;
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    const { events, nextCursor } = page ?? (await next(cursor));
    const items = events.flatMap((event, index) => [index === 0 ? separator : comma, ...eventJson(event).pieces]);
    if (hasLeft) return;
    const bytes = jsonBytes({ pieces: nextCursor === "" ? [...items, listEnd] : items });
    count(bytes.byteLength);
    controller.enqueue(bytes);
    if (nextCursor === "") controller.close();
    [page, cursor, separator] = [undefined, nextCursor, comma];
  };
  // An error of the stream would become a part of the answer.
  const pullOrCut = (controller: ReadableStreamDefaultController<Uint8Array>) =>
    pull(controller).catch((error: unknown) => {
      if (hasLeft) return;
      cut(error);
      controller.close();
    });
  const cancel = () => {
    hasLeft = true;
  };
  return new ReadableStream({ pull: pullOrCut, cancel }, { highWaterMark: 0 });
}

const listStart = Buffer.from('{"events":[');
const listEnd = Buffer.from('],"nextCursor":null}');
const comma = Buffer.from(",");
