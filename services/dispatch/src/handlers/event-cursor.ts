import { invalidField } from "@flovyn/domain";

/** Where a page of a history begins: after an event of a run. */
export interface EventPlace {
  run: number;
  after: number;
}

/** The cursor is opaque to callers, so that it may change. */
export function formatEventCursor({ run, after }: EventPlace): string {
  return Buffer.from(`${run}.${after}`).toString("base64url");
}

/** Undefined for the first page. Errors: InvalidInput. */
export function parseEventCursor(text: string): EventPlace | undefined {
  if (text === "") return undefined;
  const [, run, after] = /^([1-9]\d{0,8})\.([1-9]\d{0,8})$/.exec(Buffer.from(text, "base64url").toString()) ?? [];
  if (run === undefined || after === undefined) throw invalidField("cursor", "is not a cursor of this list");
  return { run: Number(run), after: Number(after) };
}
