import { hostileJson, hostileText, mutate } from "./hostile-values.js";
import type { Random } from "./random.js";

export interface HttpRoute {
  method: string;
  /** With its parameters, as `/api/orgs/{slug}`. */
  path: string;
}

export interface HostileRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
}

const methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "PROPFIND"] as const;
const contentTypes = [
  "application/json",
  "text/plain",
  "application/json; charset=utf-16",
  "multipart/form-data",
  "",
] as const;
const queryKeys = [
  "cursor",
  "limit",
  "offset",
  "status",
  "queue",
  "kind",
  "types",
  "key",
  "partition",
  "__proto__",
] as const;

/** A request below a route of the interface, or beside all of them. */
export function hostileRequest(
  random: Random,
  routes: readonly HttpRoute[],
  org: { slug: string; key: string },
): HostileRequest {
  const route = random.oneOf(routes as [HttpRoute, ...HttpRoute[]]);
  const method = random.chance(80) ? route.method : random.oneOf(methods);
  const path = pathOf(random, route.path, org.slug) + queryOf(random);
  const body = method === "GET" || method === "HEAD" || random.chance(10) ? undefined : bodyOf(random);
  const headers = headersOf(random, org.key);
  // Without it the client would send the body of some methods as if it were the next request.
  if (body !== undefined) headers["content-length"] = String(body.byteLength);
  return { method, path, headers, body };
}

function pathOf(random: Random, pattern: string, slug: string): string {
  if (random.chance(3)) return `/${encodeURI(wellFormed(hostileText(random).slice(0, 500))).replaceAll("#", "%23")}`;
  return pattern.replaceAll(/\{(\w+)\}/g, (_all, name: string) => {
    if (name === "slug" && random.chance(90)) return slug;
    const text = hostileText(random).slice(0, 2000);
    // Broken escapes go as they are.
    return random.chance(10) ? text.replaceAll(/[^\x21-\x7e]|[?#]/g, "%zz") : encodeURIComponent(wellFormed(text));
  });
}

function queryOf(random: Random): string {
  if (random.chance(50)) return "";
  const pairs = Array.from({ length: 1 + random.below(3) }, () => {
    const value = encodeURIComponent(wellFormed(hostileText(random).slice(0, 2000)));
    return `${random.oneOf(queryKeys)}=${value}`;
  });
  return `?${pairs.join("&")}`;
}

/** Lone surrogates become replacement characters: escapes have no form for them. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

function headersOf(random: Random, key: string): Record<string, string> {
  const headers: Record<string, string> = {};
  const text = () =>
    hostileText(random)
      .replaceAll(/[^\x21-\x7e]/g, "")
      .slice(0, 2000);
  if (random.chance(85)) headers.authorization = `Bearer ${key}`;
  else headers.authorization = random.oneOf([text(), `Bearer ${text()}`, `Basic ${text()}`, `bearer  ${key}x`]);
  const contentType = random.chance(70) ? "application/json" : random.oneOf(contentTypes);
  if (contentType !== "") headers["content-type"] = contentType;
  if (random.chance(10))
    headers[random.oneOf(["x-request-id", "traceparent", "last-event-id", "flovyn-promise-token"])] = text();
  if (random.chance(5)) headers["content-encoding"] = random.oneOf(["gzip", "br", "identity", "x"]);
  return headers;
}

function bodyOf(random: Random): Buffer {
  if (random.chance(20)) return random.bytes(random.below(300));
  const member = () => `${JSON.stringify(random.oneOf(memberNames))}:${hostileValue(random)}`;
  const text = `{${Array.from({ length: 1 + random.below(5) }, member).join(",")}}`;
  return random.chance(40) ? mutate(random, Buffer.from(text)) : Buffer.from(text);
}

function hostileValue(random: Random): string {
  return random.chance(50) ? JSON.stringify(hostileText(random)) : hostileJson(random) || "null";
}

const memberNames = [
  "kind",
  "queue",
  "input",
  "value",
  "error",
  "reason",
  "signalName",
  "signalValue",
  "workflowId",
  "idempotencyKey",
  "idempotencyKeyTtlSeconds",
  "maxRetries",
  "timeoutMs",
  "priorityMs",
  "metadata",
  "cascadeToChildren",
  "workflowKind",
  "displayName",
  "name",
  "slug",
  "params",
  "__proto__",
] as const;

/** What no library sends: written on a socket as it is. */
export const rawRequests: readonly string[] = [
  "\r\n\r\n",
  "GET\r\n\r\n",
  "GET / HTTP/9.9\r\n\r\n",
  "GET /_/health HTTP/1.1\r\n\r\n",
  "GET /_/health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
  "GET http://[ HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET //../..// HTTP/1.1\r\nHost: a\r\n\r\n",
  "POST /api/orgs HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
  "POST /api/orgs HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "POST /api/orgs HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
  "POST /api/orgs HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{}",
  `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(100_000)}\r\n\r\n`,
  `GET /${"x".repeat(100_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
  "GET / HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\nX: a\u0000b\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003",
];
