import { decodeBase64Url, invalidField, isUuid } from "@flovyn/domain";

/** The cursor is the last id of the page before; opaque to callers, so that it may change. Empty without a next page. */
export function formatCursor(found: readonly { id: string }[], page: readonly { id: string }[]): string {
  const last = page.at(-1);
  return found.length > page.length && last !== undefined ? Buffer.from(last.id, "utf8").toString("base64url") : "";
}

/** The id after which a page begins; null for the first one. Errors: InvalidInput for what `formatCursor` does not write. */
export function parseCursor(text: string): string | null {
  if (text === "") return null;
  const id = decodeBase64Url(text)?.toString("utf8") ?? "";
  if (!isUuid(id) || id !== id.toLowerCase()) throw invalidField("cursor", "is not a cursor of this list");
  return id;
}
