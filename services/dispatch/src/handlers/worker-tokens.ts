import { credentialsSubject, decodeMessage, type IncomingRequest } from "@flovyn/bus";
import {
  findInvalidWorkerTokens,
  findWorkerTokens,
  insertWorkerToken,
  listWorkerTokens,
  lockOrganization,
  markWorkerTokensUsed,
  revokeWorkerToken,
  type WorkerTokenRow,
} from "@flovyn/db";
import { DomainError, invalidField, newId, parseInteger, parseName, parseText, parseUuid } from "@flovyn/domain";
import {
  CheckWorkerTokensRequest,
  CheckWorkerTokensResponse,
  CreateWorkerTokenRequest,
  FindWorkerTokensRequest,
  FindWorkerTokensResponse,
  ListWorkerTokensRequest,
  ListWorkerTokensResponse,
  RevokedHint,
  RevokeWorkerTokenRequest,
  WorkerTokenView,
} from "@flovyn/proto/internal";
import type { DispatchContext } from "../context.js";
import { formatCursor, parseCursor } from "./cursor.js";
import { parseQuotas, workerTokensDefault } from "./org-quotas.js";

const prefixLength = 16;
const hashBytes = 32;
const secretIdLengthMax = 32;
/** Ten years. */
const expirySecondsMax = 10 * 366 * 24 * 3600;
const pageLimitMax = 100;
/** Tokens that begin alike: with 62 to the power of 12 beginnings already two are somebody's doing. */
const candidatesMax = 10;
/** New tokens in one question of a gateway. */
const askedPrefixesMax = 1000;
/** Known tokens in one. */
const checkedIdsMax = 20_000;
/** The last use is written at most so often. */
const usedEveryMs = 60_000;
const empty = new Uint8Array(0);

/** Stores a token that a gateway made. Errors: InvalidInput, NotFound, LimitExceeded with the number of tokens. */
export async function createWorkerToken(context: DispatchContext, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(CreateWorkerTokenRequest, request.payload);
  const { prefix, hash, secretId, expiresInSeconds } = message;
  const displayName = parseName(message.displayName, "displayName");
  if (prefix.length !== prefixLength) throw invalidField("prefix", `must have ${prefixLength} characters`);
  if (hash.byteLength !== hashBytes) throw invalidField("hash", `must have ${hashBytes} bytes`);
  parseText(secretId, "secret_id", secretIdLengthMax);
  const seconds =
    expiresInSeconds === undefined
      ? undefined
      : parseInteger(expiresInSeconds, "expiresInSeconds", 1, expirySecondsMax);
  const { orgId, principalId } = request.caller;
  const now = context.clock.now();
  const token = await context.db.transaction(async (tx) => {
    const org = await lockOrganization(tx, orgId);
    if (org === undefined) throw new DomainError("NotFound", "there is no such organization");
    const tokensMax = parseQuotas(org.quotas).workerTokens ?? workerTokensDefault;
    const stored = await insertWorkerToken(
      tx,
      {
        ...{ id: newId(), orgId, displayName, prefix, hash, secretId, createdBy: principalId },
        expiresAtMs: seconds === undefined ? null : now + seconds * 1000,
      },
      { now, tokensMax },
    );
    if (stored !== undefined) return stored;
    throw new DomainError("LimitExceeded", `the organization has ${tokensMax} worker tokens, the most it may`, {
      reason: "WORKER_TOKEN_QUOTA",
    });
  });
  return WorkerTokenView.encode(toView(token)).finish();
}

/** A page of the tokens of an org, newest first. Errors: InvalidInput. */
export async function listWorkerTokenViews(context: DispatchContext, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(ListWorkerTokensRequest, request.payload);
  const limit = parseInteger(message.limit, "limit", 1, pageLimitMax);
  const before = parseCursor(message.cursor);
  const { orgId } = request.caller;
  const tokens = await listWorkerTokens(context.db, { orgId, before, limit: limit + 1 });
  const page = tokens.slice(0, limit);
  const nextCursor = formatCursor(tokens, page);
  return ListWorkerTokensResponse.encode({ tokens: page.map(toView), nextCursor }).finish();
}

/** Ends a token; once more changes nothing. Gateways are told after the commit. Errors: InvalidInput, NotFound. */
export async function revokeToken(context: DispatchContext, request: IncomingRequest): Promise<Uint8Array> {
  const id = parseUuid(decodeMessage(RevokeWorkerTokenRequest, request.payload).id, "id");
  const { orgId, principalId } = request.caller;
  const revoked = await revokeWorkerToken(context.db, { id, orgId, revokedBy: principalId, now: context.clock.now() });
  if (!revoked) throw new DomainError("NotFound", "there is no such worker token", { field: "id" });
  context.bus.hint(credentialsSubject(), RevokedHint.encode({ workerTokenIds: [id] }).finish());
  return empty;
}

/** Valid tokens of any org that begin like those that a gateway was shown. Errors: Forbidden, InvalidInput. */
export async function findTokens(context: DispatchContext, request: IncomingRequest): Promise<Uint8Array> {
  onlyServices(request);
  const { prefixes } = decodeMessage(FindWorkerTokensRequest, request.payload);
  if (prefixes.length > askedPrefixesMax) throw invalidField("prefixes", `must be at most ${askedPrefixesMax}`);
  for (const prefix of prefixes) {
    if (prefix.length !== prefixLength) throw invalidField("prefixes", `must have ${prefixLength} characters each`);
  }
  const found = await findWorkerTokens(context.db, { prefixes, now: context.clock.now(), limit: candidatesMax });
  const candidates = found.map(({ expiresAtMs, hash, ...rest }) => ({
    ...rest,
    hash: Buffer.from(hash),
    expiresAtMs: expiresAtMs ?? undefined,
  }));
  return FindWorkerTokensResponse.encode({ candidates }).finish();
}

/** Which tokens that a gateway knows are not valid any more; notes which were used. Errors: Forbidden, InvalidInput. */
export async function checkTokens(context: DispatchContext, request: IncomingRequest): Promise<Uint8Array> {
  onlyServices(request);
  const { knownIds, usedIds } = decodeMessage(CheckWorkerTokensRequest, request.payload);
  if (knownIds.length > checkedIdsMax) throw invalidField("known_ids", `must be at most ${checkedIdsMax}`);
  if (usedIds.length > checkedIdsMax) throw invalidField("used_ids", `must be at most ${checkedIdsMax}`);
  for (const id of [...knownIds, ...usedIds]) parseUuid(id, "known_ids");
  const now = context.clock.now();
  const [invalidIds] = await Promise.all([
    findInvalidWorkerTokens(context.db, { ids: knownIds, now }),
    markWorkerTokensUsed(context.db, { ids: usedIds, now, before: now - usedEveryMs }),
  ]);
  return CheckWorkerTokensResponse.encode({ invalidIds }).finish();
}

/** Hashes of tokens are for gateways alone. */
function onlyServices({ caller }: IncomingRequest): void {
  if (caller.principalType !== "Service") throw new DomainError("Forbidden", "only services may ask for this");
}

function toView(token: WorkerTokenRow): WorkerTokenView {
  return {
    id: token.id,
    displayName: token.displayName,
    prefix: token.prefix,
    createdBy: token.createdBy,
    createdAtMs: token.createdAtMs,
    expiresAtMs: token.expiresAtMs ?? undefined,
    revokedAtMs: token.revokedAtMs ?? undefined,
    lastUsedAtMs: token.lastUsedAtMs ?? undefined,
  };
}
