import type { ListPlace } from "@flovyn/db";
import { decodeBase64Url, invalidField, isUuid } from "@flovyn/domain";

/** The cursor is the last id of the page before; opaque to callers, so that it may change. Empty without a next page. */
export function formatCursor(found: readonly { id: string }[], page: readonly { id: string }[]): string {
  return encode(found, page, ({ id }) => id);
}

/** The id after which a page begins; null for the first one. Errors: InvalidInput for what `formatCursor` does not write. */
export function parseCursor(text: string): string | null {
  if (text === "") return null;
  return parseId(decode(text));
}

/** As `formatCursor`, for lists by time and id: their cursor is the last place of the page before. */
export function formatPlaceCursor(found: readonly ListPlace[], page: readonly ListPlace[]): string {
  return encode(found, page, ({ createdAtUs, id }) => `${createdAtUs}/${id}`);
}

/** The place after which a page begins; null for the first one. Errors: InvalidInput for what `formatPlaceCursor` does not write. */
export function parsePlaceCursor(text: string): ListPlace | null {
  if (text === "") return null;
  const [createdAtUs = "", id = "", ...more] = decode(text).split("/");
  if (!timeForm.test(createdAtUs) || more.length > 0) throw notOfThisList();
  return { createdAtUs, id: parseId(id) };
}

/** Microseconds since 1970, in as many digits as every time until 2286 has. */
const timeForm = /^(0|[1-9][0-9]{0,15})$/;

function encode<Row>(found: readonly Row[], page: readonly Row[], format: (last: Row) => string): string {
  const last = page.at(-1);
  return found.length > page.length && last !== undefined
    ? Buffer.from(format(last), "utf8").toString("base64url")
    : "";
}

function decode(text: string): string {
  return decodeBase64Url(text)?.toString("utf8") ?? "";
}

function parseId(id: string): string {
  if (!isUuid(id) || id !== id.toLowerCase()) throw notOfThisList();
  return id;
}

function notOfThisList() {
  return invalidField("cursor", "is not a cursor of this list");
}
