import { createHmac, randomBytes } from "node:crypto";
import type { NamedSecret } from "@flovyn/runtime";

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const randomBytesCount = 32;
/** 62 to this power is more than 256 to the power of 32. */
const digitsCount = 43;

export const workerTokenForm = /^fwt_[0-9A-Za-z]{43}$/;
export const workerTokenPrefixLength = 16;

/** A new token: `fwt_` and 256 random bits in base62. */
export function makeWorkerToken(): string {
  let number = BigInt(`0x${randomBytes(randomBytesCount).toString("hex")}`);
  let text = "";
  for (let place = 0; place < digitsCount; place++) {
    text = digits[Number(number % 62n)] + text;
    number /= 62n;
  }
  return `fwt_${text}`;
}

/** What is stored of a token and compared. Without the secret nobody can try tokens against it. */
export function hashWorkerToken(secret: NamedSecret["secret"], token: string): Buffer {
  return createHmac("sha256", secret).update(token).digest();
}
