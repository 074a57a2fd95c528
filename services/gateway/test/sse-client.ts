import { get, type IncomingMessage } from "node:http";
import { waitFor } from "@flovyn/testing";

export interface SseEvent {
  name: string;
  data: string;
  id?: string;
}

/** Reads complete events and comments as a browser does: blank line ends an event, lines of data are joined. */
export function readEvents(text: string): { events: SseEvent[]; comments: string[]; rest: string } {
  const events: SseEvent[] = [];
  const comments: string[] = [];
  const blocks = text.split("\n\n");
  const rest = blocks.pop() ?? "";
  for (const block of blocks) {
    const fields: Record<string, string[]> = {};
    for (const line of block.split(/\r\n|\r|\n/)) {
      const [, name = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
      fields[name] = [...(fields[name] ?? []), value];
    }
    comments.push(...(fields[""] ?? []));
    const { event = [], data, id = [] } = fields;
    if (data === undefined) continue;
    events.push({
      name: event.at(-1) ?? "message",
      data: data.join("\n"),
      ...(id.length > 0 && { id: id.at(-1) ?? "" }),
    });
  }
  return { events, comments, rest };
}

/** One live stream, read as it comes. */
export class SseClient {
  readonly response: IncomingMessage;
  readonly events: SseEvent[] = [];
  readonly comments: string[] = [];
  ended = false;

  private constructor(response: IncomingMessage) {
    this.response = response;
    let text = "";
    response.setEncoding("utf8").on("data", (part: string) => {
      const { events, comments, rest } = readEvents(text + part);
      this.events.push(...events);
      this.comments.push(...comments);
      text = rest;
    });
    response.on("end", () => {
      this.ended = true;
    });
    // It may break from either side: then it does not end.
    response.on("error", () => {});
  }

  /** Resolves when the head of the answer is there: from then on nothing is missed. */
  static async open(url: string, key: string): Promise<SseClient> {
    return new SseClient(await openStream(url, key));
  }

  /** The connection breaks. */
  leave(): void {
    this.response.destroy();
  }

  /** The first events, as soon as there are so many. */
  async take(count: number): Promise<SseEvent[]> {
    await waitFor(`${count} events`, () => this.events.length >= count);
    return this.events.splice(0, count);
  }
}

/** The head of an answer whose body nobody reads yet. */
export function openStream(url: string, key: string): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${key}` };
  return new Promise((resolve, reject) => {
    get(url, { headers }, resolve).on("error", reject);
  });
}
