/**
 * `application/json` or `application/…+json`, with or without parameters. What browsers send to other origins without asking
 * them first (`text/plain`, forms, multipart) is none of these, so no page of another origin can send a body.
 */
const jsonType = /^application\/(?:[a-z0-9!#$&^_.+-]+\+)?json[ \t]*(?:;.*)?$/i;

/** Whether a request has a body that is declared to be something else than JSON. Without a declared type it is, too. */
export function hasForeignBody(headers: Headers): boolean {
  return hasBody(headers) && !jsonType.test(headers.get("content-type")?.trim() ?? "");
}

/** By its head alone: in HTTP/1.1 one of the two says so. */
function hasBody(headers: Headers): boolean {
  const length = headers.get("content-length");
  return headers.has("transfer-encoding") || (length !== null && Number(length) !== 0);
}
