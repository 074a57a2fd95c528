import type { OutgoingHttpHeaders } from "node:http2";
import { gzipSync } from "node:zlib";
import { hostileText } from "./hostile-values.js";
import type { Random } from "./random.js";

/** One call as HTTP/2 carries it. */
export interface Http2Call {
  headers: OutgoingHttpHeaders;
  chunks: readonly Buffer[];
  /** Whether the caller says that there is no more. */
  ends: boolean;
}

const contentTypes = ["application/grpc", "application/grpc+proto", "application/grpc+json", "text/html", ""] as const;
const timeouts = ["1S", "0n", "99999999H", "-1S", "abc", "1", "123456789S", ""] as const;
/** 64 MiB of nothing in 64 KiB. */
const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));

/** A call with a head or a framing that no gRPC client writes. */
export function hostileHttp2Call(random: Random, paths: readonly string[], key: string): Http2Call {
  const contentType = random.chance(80) ? "application/grpc" : random.oneOf(contentTypes);
  const path = random.chance(85) ? random.oneOf(paths as [string, ...string[]]) : hostilePath(random, paths);
  const headers: OutgoingHttpHeaders = {
    ":method": random.chance(90) ? "POST" : random.oneOf(["GET", "PUT", "OPTIONS", "HEAD"]),
    ":path": path,
    ...(contentType !== "" && { "content-type": contentType }),
    ...(random.chance(90) && { te: "trailers" }),
    ...(random.chance(75) && { authorization: `Bearer ${key}` }),
    ...(random.chance(10) && { authorization: printable(hostileText(random)) }),
    ...(random.chance(20) && { "grpc-timeout": random.oneOf(timeouts) }),
    ...(random.chance(30) && { "grpc-encoding": random.oneOf(["gzip", "deflate", "br", "identity", "x"]) }),
    ...(random.chance(20) && { "x-own-bin": printable(hostileText(random)).slice(0, 500) }),
    ...(random.chance(5) && { "x-long": "y".repeat(random.below(70_000)) }),
  };
  return { headers, chunks: body(random), ends: random.chance(80) };
}

function body(random: Random): Buffer[] {
  const count = random.oneOf([0, 1, 1, 1, 1, 2, 5]);
  return Array.from({ length: count }, () => message(random));
}

function message(random: Random): Buffer {
  const content = random.chance(3) ? bomb : random.bytes(random.below(100));
  const flag = random.chance(70) ? 0 : random.oneOf([1, 2, 255]);
  const length = random.chance(70)
    ? content.byteLength
    : random.oneOf([0, content.byteLength + 1, 16 * 1024 * 1024 + 1, 0xffffffff]);
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(length, 1);
  const bytes = Buffer.concat([head, content]);
  return random.chance(10) ? bytes.subarray(0, random.below(bytes.byteLength)) : bytes;
}

/** Other spellings of what exists, and of what is open to everybody. */
function hostilePath(random: Random, paths: readonly string[]): string {
  const path = random.oneOf(paths as [string, ...string[]]);
  return random.oneOf([
    `/${path}`,
    `${path}/`,
    path.toUpperCase(),
    path.replace("/", "/./"),
    `/grpc.health.v1.Health/..${path}`,
    `/grpc.health.v1.Health/${path}`,
    `/grpc.health.v1.Health/Check${path}`,
    `/grpc.health.v1.Health//Check`,
    `${path}?a=b`,
    "/",
    "*",
    `/${printable(hostileText(random)).slice(0, 200)}`,
  ]);
}

/** Other characters do not leave the client. */
function printable(text: string): string {
  return text.replaceAll(/[^\x21-\x7e]/g, "");
}
