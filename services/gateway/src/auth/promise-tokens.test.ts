import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PromiseTokens } from "./promise-tokens.js";

const promise = { orgId: "0190a5c0-0000-7000-8000-000000000001", promiseId: "0190a5c0-0000-7000-8000-0000000000aa" };
const first = { id: "2026-11", secret: "first secret of this test, 32 bytes and more" };
const second = { id: "2026-10", secret: "second secret of this test, 32 bytes and more" };

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

let nowMs = 1_800_000_000_000;
const now = () => nowMs;
const tokens = new PromiseTokens({ secrets: [first, second], now });

describe("promise tokens", () => {
  it("SP-172 hold until they expire", () => {
    const { token, expiresAtMs } = tokens.sign(promise, 60);
    expect(token).toMatch(/^fpt_2026-11\.[\w-]+\.[\w-]{43}$/);
    expect(expiresAtMs).toBe(nowMs + 60_000);
    nowMs += 59_999;
    expect(tokens.verify(token)).toEqual({ ...promise, expiresAtMs });
    nowMs += 1;
    expect(tokens.verify(token)).toBeUndefined();
  });

  it("SP-172 are signed by the first secret and accepted from every one, in any order, until it is removed", () => {
    const before = new PromiseTokens({ secrets: [second], now }).sign(promise, 60).token;
    expect(tokens.verify(before)).toMatchObject(promise);
    const rotated = tokens.sign(promise, 60).token;
    expect(new PromiseTokens({ secrets: [second, first], now }).verify(rotated)).toMatchObject(promise);
    expect(new PromiseTokens({ secrets: [first], now }).verify(before)).toBeUndefined();
    const sameId = { id: first.id, secret: second.secret };
    expect(new PromiseTokens({ secrets: [sameId], now }).verify(rotated)).toBeUndefined();
  });

  it("SP-172 cannot be changed in any character", () => {
    const { token } = tokens.sign(promise, 60);
    const place = fc.integer({ min: 0, max: token.length - 1 });
    fc.assert(
      fc.property(place, fc.constantFrom(..."Aa0_-.{é"), (at, character) => {
        fc.pre(token[at] !== character);
        expect(tokens.verify(token.slice(0, at) + character + token.slice(at + 1))).toBeUndefined();
      }),
    );
  });

  it("have one last character, not each that stands for the same bytes", () => {
    const { token } = tokens.sign(promise, 60);
    const passing = [...base64url].map((last) => token.slice(0, -1) + last).filter((text) => tokens.verify(text));
    expect(passing).toEqual([token]);
  });

  it("SP-172 do not pass under another secret id, without a MAC, or for other text that the secret signed", () => {
    const { token } = tokens.sign(promise, 60);
    const [, payload = "", mac = ""] = token.split(".");
    const bare = createHmac("sha256", first.secret).update(payload).digest("base64url");
    for (const wrong of [
      `fpt_${second.id}.${payload}.${mac}`,
      `fpt_unknown.${payload}.${mac}`,
      `fpt_${first.id}.${payload}.${bare}`,
      `fpt_${first.id}.${payload}.`,
      `fpt_${first.id}.${payload}`,
      `${token}A`,
      ` ${token}`,
      `${token}\n`,
      `fpt_${first.id}.${"A".repeat(100_000)}.${mac}`,
      "",
    ]) {
      expect(tokens.verify(wrong)).toBeUndefined();
    }
  });

  it("are off without a secret, which the refusal names", () => {
    const off = new PromiseTokens({ secrets: [], now });
    expect(off.verify(tokens.sign(promise, 60).token)).toBeUndefined();
    expect(() => off.sign(promise, 60)).toThrow(
      expect.objectContaining({ code: "WrongState", message: expect.stringContaining("auth.promise_token.secrets") }),
    );
  });
});
