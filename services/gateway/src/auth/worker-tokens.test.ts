// Goal: a token counts exactly as long as dispatch says so, within 5 s whatever is lost, and nobody comes in otherwise.
import { createHmac } from "node:crypto";
import { type Bus, type Caller, createInProcessBus, credentialsSubject } from "@flovyn/bus";
import { DomainError, newId } from "@flovyn/domain";
import {
  CheckWorkerTokensRequest,
  CheckWorkerTokensResponse,
  FindWorkerTokensRequest,
  FindWorkerTokensResponse,
  RevokedHint,
} from "@flovyn/proto/internal";
import { waitFor } from "@flovyn/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unaudited, unlimitedHeldCalls } from "../../test/held-calls.js";
import { silentLog as log } from "../../test/silent-log.js";
import { testBudgets } from "../../test/test-budgets.js";
import { HintChannels } from "../hints/hint-channels.js";
import {
  workerTokenCheckTimeoutMs,
  workerTokensAskedMax,
  workerTokensKnownMax,
  workerTokenTrustMs,
  workerTokenUnknownMs,
} from "../limits.js";
import type { HeldCalls } from "./held-calls.js";
import { makeWorkerToken } from "./worker-token-text.js";
import { WorkerTokens } from "./worker-tokens.js";

const { key_checks: checks } = testBudgets();

const orgId = newId();
const first = { id: "2026-11", secret: "first secret of this test, 32 bytes and more" };
const second = { id: "2026-10", secret: "second secret of this test, 32 bytes and more" };

interface Stored {
  id: string;
  prefix: string;
  hash: Buffer;
  secretId: string;
  expiresAtMs: number | undefined;
  revoked: boolean;
}

let bus: Bus;
let hints: HintChannels;
let now: number;
let stored: Stored[];
let away: boolean;
let asked: string[];
let used: string[];
let held: HeldCalls;
let tokens: WorkerTokens;

beforeEach(async () => {
  [now, stored, away, asked, used] = [1_800_000_000_000, [], false, [], []];
  bus = createInProcessBus({ log });
  hints = new HintChannels({ bus, log });
  await bus.serve("dispatch", async ({ operation, payload }) => {
    asked.push(operation);
    if (away) throw new DomainError("Unavailable", "dispatch is away");
    if (operation === "internal/FindWorkerTokens") {
      const { prefixes } = FindWorkerTokensRequest.decode(payload);
      const candidates = stored
        .filter((one) => prefixes.includes(one.prefix) && !one.revoked)
        .map(({ id, prefix, hash, secretId, expiresAtMs }) => ({ id, orgId, prefix, hash, secretId, expiresAtMs }));
      return FindWorkerTokensResponse.encode({ candidates }).finish();
    }
    const { knownIds, usedIds } = CheckWorkerTokensRequest.decode(payload);
    used.push(...usedIds);
    const invalidIds = knownIds.filter((id) => stored.find((one) => one.id === id)?.revoked !== false);
    return CheckWorkerTokensResponse.encode({ invalidIds }).finish();
  });
  tokens = create();
});

afterEach(async () => {
  await tokens.stop();
  await hints.stop();
  await bus.drain();
});

function create(secrets = [first, second], knownMax = workerTokensKnownMax): WorkerTokens {
  held = unlimitedHeldCalls(() => now);
  const made = new WorkerTokens({ secrets, bus, hints, held, log, now: () => now, knownMax, checks });
  made.start();
  return made;
}

/** Something that a caller holds open. */
function hold(caller: Caller, ends: unknown[]): void {
  held.hold({ caller, kind: "streams", check: () => {}, facts: () => unaudited, end: (why) => ends.push(why) });
}

function store(secret = first, change: Partial<Stored> = {}): { token: string; id: string; row: Stored } {
  const token = makeWorkerToken();
  const row: Stored = {
    ...{ id: newId(), prefix: token.slice(0, 16), secretId: secret.id, expiresAtMs: undefined, revoked: false },
    hash: createHmac("sha256", secret.secret).update(token).digest(),
    ...change,
  };
  stored.push(row);
  return { token, id: row.id, row };
}

/** Questions for tokens; whether known ones still hold is asked by the clock. */
const finds = () => asked.filter((operation) => operation === "internal/FindWorkerTokens").length;
const authenticate = (token: string, address = "::1") =>
  Promise.resolve().then(() => tokens.authenticate(token, address));
const invalid = { code: "Unauthenticated", reason: "INVALID_CREDENTIALS" };

describe("worker tokens", () => {
  it("are long, of letters and digits, and never the same", () => {
    const made = Array.from({ length: 1000 }, makeWorkerToken);
    expect(new Set(made).size).toBe(1000);
    for (const token of made) expect(token).toMatch(/^fwt_[0-9A-Za-z]{43}$/);
  });

  it("have one last character", async () => {
    const { token } = store();
    const characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_=+/";
    const others = [...characters].map((last) => token.slice(0, -1) + last).filter((text) => text !== token);
    const ends = await Promise.allSettled(others.map(async (text) => (await authenticate(text)) ?? "not one"));
    const taken = ends.filter((end) => end.status === "fulfilled" && end.value !== "not one");
    expect(taken).toEqual([]);
    expect(await authenticate(token)).toMatchObject({ orgId });
  });

  it("are asked for once, and then the same caller each time", async () => {
    const { token, id } = store();
    const callers = await Promise.all([authenticate(token), authenticate(token), authenticate(token)]);
    expect(callers[0]).toEqual({ orgId, principalType: "Worker", principalId: `token:${id}` });
    expect(new Set(callers).size).toBe(1);
    expect(tokens.authenticate(token, "::1")).toBe(callers[0]);
    expect(finds()).toBe(1);
  });

  it("that come while dispatch is asked are asked for together, each with its own answer", async () => {
    const known = Array.from({ length: 300 }, () => store());
    const guesses = Array.from({ length: 300 }, makeWorkerToken);
    const ends = await Promise.allSettled(
      [...known.map(({ token }) => token), ...guesses].map((token) => authenticate(token)),
    );
    expect(ends.map(({ status }) => status)).toEqual([
      ...known.map(() => "fulfilled"),
      ...guesses.map(() => "rejected"),
    ]);
    const found = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value?.principalId] : []));
    expect(found).toEqual(known.map(({ id }) => `token:${id}`));
    // As many as go into one question.
    expect(finds()).toBe(Math.ceil(600 / workerTokensAskedMax));
  });

  it("beyond those of one address are refused to it alone, and known ones are not", async () => {
    const { token } = store();
    await authenticate(token);
    const guesses = Array.from({ length: checks.limits.address as number }, makeWorkerToken);
    const waiting = guesses.map((guess) => authenticate(guess, "10.0.0.1"));
    const more = authenticate(makeWorkerToken(), "10.0.0.1");
    const other = authenticate(store().token, "10.0.0.2");
    await expect(more).rejects.toMatchObject({ code: "LimitExceeded", reason: "BUDGET_EXCEEDED" });
    expect(await authenticate(token, "10.0.0.1")).toMatchObject({ orgId });
    expect(await other).toMatchObject({ orgId });
    await Promise.allSettled(waiting);
    expect(checks.used).toBe(0);
  });

  it("of either secret count, and those of a secret that is gone do not", async () => {
    const [now1, before] = [store(first), store(second)];
    expect(await authenticate(now1.token)).toMatchObject({ orgId });
    expect(await authenticate(before.token)).toMatchObject({ orgId });
    await tokens.stop();
    tokens = create([first]);
    await expect(authenticate(before.token)).rejects.toMatchObject(invalid);
    expect(await authenticate(now1.token)).toMatchObject({ orgId });
  });

  it("that nobody has are refused, and remembered only briefly", async () => {
    const { token, row } = store(first, { revoked: true });
    for (let n = 0; n < 5; n++) await expect(authenticate(token)).rejects.toMatchObject(invalid);
    expect(asked).toHaveLength(1);
    row.revoked = false;
    now += workerTokenUnknownMs + 1;
    expect(await authenticate(token)).toMatchObject({ orgId });
  });

  it("that begin like another, or carry its hash under another secret, are not it", async () => {
    const { token, row } = store();
    const alike = `${token.slice(0, 16)}${makeWorkerToken().slice(16)}`;
    await expect(authenticate(alike)).rejects.toMatchObject(invalid);
    stored.push({ ...row, id: newId(), hash: Buffer.alloc(32) });
    expect(await authenticate(token)).toMatchObject({ principalId: `token:${row.id}` });
    row.secretId = "unknown";
    now += workerTokenTrustMs + 1;
    await expect(authenticate(token)).rejects.toMatchObject(invalid);
  });

  it.each(["fwt_short", "flovyn_wk_test_1", `fwt_${"a".repeat(44)}`, `fwt_${"-".repeat(43)}`, ""])(
    "%s is a credential of another kind",
    (text) => {
      expect(tokens.authenticate(text, "::1")).toBeUndefined();
      expect(asked).toEqual([]);
    },
  );

  it("end when they expire", async () => {
    const { token } = store(first, { expiresAtMs: now + 1000 });
    await authenticate(token);
    now += 999;
    expect(await authenticate(token)).toMatchObject({ orgId });
    now += 1;
    stored = [];
    await expect(authenticate(token)).rejects.toMatchObject(invalid);
  });

  it("are told to have been used, once for many uses", async () => {
    const { token, id } = store();
    await authenticate(token);
    for (let n = 0; n < 10; n++) await authenticate(token);
    await tokens.runOnce();
    await tokens.runOnce();
    expect(used).toEqual([id]);
  });

  it("that are known stay within bounds; who is forgotten comes back", async () => {
    await tokens.stop();
    tokens = create([first], 2);
    const three = [store(), store(), store()];
    const ends: unknown[] = [];
    const [oldest] = three;
    hold((await authenticate(oldest?.token ?? "")) ?? expect.fail(), ends);
    for (const { token } of three) await authenticate(token);
    expect(tokens.size).toBe(2);
    expect(ends).toMatchObject([{ code: "Unavailable" }]);
    expect(await authenticate(oldest?.token ?? "")).toMatchObject({ orgId });
  });
});

describe("a revocation", () => {
  /** Something that the token holds open. */
  async function open(): Promise<{ token: string; row: Stored; ends: unknown[] }> {
    const { token, row } = store();
    const ends: unknown[] = [];
    hold((await authenticate(token)) ?? expect.fail(), ends);
    return { token, row, ends };
  }

  it("counts at once when it is hinted, for what is open, too", async () => {
    const { token, row, ends } = await open();
    row.revoked = true;
    bus.hint(credentialsSubject(), RevokedHint.encode({ workerTokenIds: [row.id] }).finish());
    await bus.flush();
    expect(ends).toMatchObject([{ code: "Unauthenticated", reason: "CREDENTIAL_ENDED" }]);
    await expect(authenticate(token)).rejects.toMatchObject(invalid);
  });

  it("counts with the next check when the hint was lost", async () => {
    const { token, row, ends } = await open();
    row.revoked = true;
    await tokens.runOnce();
    expect(ends).toMatchObject([{ code: "Unauthenticated" }]);
    await expect(authenticate(token)).rejects.toMatchObject(invalid);
  });

  it("counts by itself within 5 s when the hint was lost", async () => {
    await tokens.stop();
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      tokens = create();
      const { row, ends } = await open();
      row.revoked = true;
      // Less the second that the question may take.
      vi.advanceTimersByTime(5_000 - workerTokenCheckTimeoutMs);
      await waitFor("what is open to end", () => ends.length > 0);
      expect(ends).toMatchObject([{ code: "Unauthenticated", reason: "CREDENTIAL_ENDED" }]);
      await tokens.stop();
    } finally {
      vi.useRealTimers();
    }
  });

  it("that cannot be asked about lets nobody in, and ends what is open so that it comes back", async () => {
    const { token, ends } = await open();
    away = true;
    now += workerTokenTrustMs;
    await tokens.runOnce();
    expect(ends).toEqual([]);
    expect(await authenticate(token)).toMatchObject({ orgId });
    now += 1;
    await tokens.runOnce();
    expect(ends).toMatchObject([{ code: "Unavailable" }]);
    await expect(authenticate(token)).rejects.toMatchObject({ code: "Unavailable" });
    away = false;
    expect(await authenticate(token)).toMatchObject({ orgId });
  });

  it("between the check of a caller and the opening of a stream ends the stream", async () => {
    const { token, row } = store();
    const caller = await authenticate(token);
    row.revoked = true;
    await tokens.runOnce();
    const ends: unknown[] = [];
    hold(caller ?? expect.fail(), ends);
    await Promise.resolve();
    expect(ends).toMatchObject([{ code: "Unauthenticated" }]);
  });

  it("costs no question while no token is known", async () => {
    await tokens.runOnce();
    expect(asked).toEqual([]);
  });
});
