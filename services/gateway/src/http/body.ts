import { isUtf8 } from "node:buffer";
import { DomainError, invalidField } from "@flovyn/domain";
import { ownBytes } from "../budgets/own-bytes.js";
import { restBodyBytesMax, restInputBytesMax } from "../limits.js";
import { type RawObject, readRawObject } from "./raw-json.js";
import { accountOf } from "./request-account.js";

/** The JSON object in the body of a request. Errors: InvalidInput, PayloadTooLarge, LimitExceeded. */
export async function readBody(request: Request): Promise<RawObject> {
  return readRawObject(await readText(request), "body");
}

/** The same where the body may be left out, which means an empty object. Errors: InvalidInput, PayloadTooLarge. */
export async function readOptionalBody(request: Request): Promise<RawObject> {
  const text = await readText(request);
  return readRawObject(text.byteLength === 0 ? Buffer.from("{}") : text, "body");
}

/** The bytes of the `input` member as they were written, `{}` when there is none. Errors: PayloadTooLarge. */
export function readInput(body: RawObject): Buffer {
  return readPayload(body, "input", "{}");
}

/** The bytes of a member as they were written, `absent` when there is none. Errors: PayloadTooLarge naming the member. */
export function readPayload(body: RawObject, member: string, absent: string): Buffer {
  const bytes = body.raw(member) ?? Buffer.from(absent);
  if (bytes.byteLength > restInputBytesMax) {
    throw new DomainError(
      "PayloadTooLarge",
      `${member}: must have at most ${restInputBytesMax} bytes, has ${bytes.byteLength}`,
      { field: member },
    );
  }
  return bytes;
}

async function readText(request: Request): Promise<Buffer> {
  const bytes = await readBytes(request);
  if (!isUtf8(bytes)) throw invalidField("body", "is not UTF-8 text");
  return bytes.subarray(0, 3).equals(byteOrderMark) ? bytes.subarray(3) : bytes;
}

/** What some editors put before text. */
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Stops reading at the limit, so that a large body costs no memory. */
async function readBytes(request: Request): Promise<Buffer> {
  if (Number(request.headers.get("content-length") ?? "0") > restBodyBytesMax) throw bodyTooLarge();
  if (request.body === null) return Buffer.alloc(0);
  const account = accountOf(request);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of request.body) {
      size += chunk.byteLength;
      if (size > restBodyBytesMax) throw bodyTooLarge();
      account?.received(chunk.byteLength);
      chunks.push(ownBytes(chunk));
    }
  } catch (cause) {
    // Besides its limits, reading a body fails only when its connection ends.
    if (cause instanceof DomainError) throw cause;
    throw new DomainError("Cancelled", "body: the connection ended before its last byte", { cause });
  }
  account?.complete();
  return Buffer.concat(chunks);
}

function bodyTooLarge(): DomainError {
  return new DomainError(
    "PayloadTooLarge",
    `body: must have at most ${restBodyBytesMax} bytes, of which one payload at most ${restInputBytesMax}`,
    { field: "body" },
  );
}
