/**
 * Goal: nobody learns from the time of a refusal whether a credential exists or how much of it is right. By construction, not
 * by a clock: whatever is wrong, the same comparisons run, each over all bytes, and none stops the next.
 */
import * as crypto from "node:crypto";
import { createInProcessBus } from "@flovyn/bus";
import { newId } from "@flovyn/domain";
import { FindWorkerTokensResponse, type WorkerTokenCandidate } from "@flovyn/proto/internal";
import { beforeEach, expect, it, vi } from "vitest";
import { unlimitedHeldCalls } from "../../test/held-calls.js";
import { silentLog as log } from "../../test/silent-log.js";
import { testBudgets } from "../../test/test-budgets.js";
import { HintChannels } from "../hints/hint-channels.js";
import { PromiseTokens } from "./promise-tokens.js";
import { makeWorkerToken } from "./worker-token-text.js";
import { WorkerTokens } from "./worker-tokens.js";

const { key_checks: checks } = testBudgets();

const compared = vi.hoisted((): number[] => []);
vi.mock("node:crypto", async (original) => {
  const real = await original<typeof crypto>();
  return {
    ...real,
    timingSafeEqual: (one: Uint8Array, other: Uint8Array) => {
      compared.push(one.byteLength);
      return real.timingSafeEqual(one, other);
    },
  };
});

beforeEach(() => {
  compared.length = 0;
});

const secret = { id: "a", secret: "a secret of this test, of 32 bytes and more" };
const token = makeWorkerToken();
const right = crypto.createHmac("sha256", secret.secret).update(token).digest();
const oneBitOff = Buffer.from(right);
oneBitOff[31] = (oneBitOff[31] ?? 0) ^ 1;
const candidate = (hash: Buffer, secretId = secret.id): WorkerTokenCandidate => ({
  ...{ id: newId(), orgId: newId(), prefix: token.slice(0, 16), hash, secretId, expiresAtMs: undefined },
});

async function authenticate(candidates: WorkerTokenCandidate[]): Promise<boolean> {
  const bus = createInProcessBus({ log });
  const hints = new HintChannels({ bus, log });
  await bus.serve("dispatch", async () => FindWorkerTokensResponse.encode({ candidates }).finish());
  const held = unlimitedHeldCalls();
  const tokens = new WorkerTokens({ secrets: [secret], bus, hints, held, log, now: Date.now, checks });
  const found = await Promise.resolve(tokens.authenticate(token, "::1")).then(
    () => true,
    () => false,
  );
  await bus.drain();
  return found;
}

it.each([
  ["that nobody has", [], false, 1],
  ["that is right", [candidate(right)], true, 1],
  ["that is wrong in its last bit", [candidate(oneBitOff)], false, 1],
  ["that is wrong in all", [candidate(Buffer.alloc(32))], false, 1],
  ["whose secret is gone", [candidate(right, "gone")], false, 1],
  ["among others, first", [candidate(right), candidate(oneBitOff), candidate(Buffer.alloc(32))], true, 3],
  ["among others, last", [candidate(Buffer.alloc(32)), candidate(oneBitOff), candidate(right)], true, 3],
])("a worker token %s is compared in full", async (_name, candidates, found, comparisons) => {
  expect(await authenticate(candidates)).toBe(found);
  expect(compared).toEqual(Array.from({ length: comparisons }, () => 32));
});

it("a promise token of an unknown secret is compared like one of a known", () => {
  const tokens = new PromiseTokens({ secrets: [secret], now: Date.now });
  const made = tokens.sign({ orgId: newId(), promiseId: newId() }, 60).token;
  for (const text of [made, made.replace("fpt_a.", "fpt_b."), `${made.slice(0, -2)}AA`]) tokens.verify(text);
  expect(compared).toEqual([43, 43, 43]);
});
