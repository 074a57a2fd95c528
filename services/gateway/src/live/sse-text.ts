/** The text of server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */

const lineEnd = /\r\n|\r|\n/;

/**
 * One event. Each line of the data is a line of its own, which readers join with a line feed: `\r` and `\r\n` inside a
 * token arrive as `\n`.
 */
export function sseEvent(event: { name: string; data: string; id?: string | undefined }): string {
  const { name, data, id } = event;
  const lines = data.split(lineEnd).map((line) => `data: ${line}\n`);
  return `event: ${name}\n${id === undefined ? "" : `id: ${id}\n`}${lines.join("")}\n`;
}

/** A line that readers skip. */
export function sseComment(text: string): string {
  return `: ${text}\n\n`;
}
