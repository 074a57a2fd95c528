import type { JWTPayload } from "jose";
import { invalidCredentials } from "./authenticate.js";

/** The end of the year 9999, in seconds since 1970: a later time is not one that a clock shows. */
const secondsMax = 253_402_300_799;

/**
 * Checks the form of the times of a token, before anything is computed with them. Errors: Unauthenticated for a missing
 * `exp`, and for an `exp`, `nbf` or `iat` that is not a whole number of seconds from 1970 to the end of 9999.
 */
export function checkTimes({ exp, nbf, iat }: JWTPayload): void {
  const isGiven = (time: unknown) => time !== undefined;
  if (!isTime(exp) || ![nbf, iat].filter(isGiven).every(isTime)) throw invalidCredentials();
}

function isTime(seconds: unknown): boolean {
  return Number.isInteger(seconds) && (seconds as number) >= 0 && (seconds as number) <= secondsMax;
}
