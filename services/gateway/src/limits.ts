/** The limits of the gateway. Times are in milliseconds, sizes in bytes. */

/** How long an empty poll is held for a caller that did not ask for more: existing clients stand still meanwhile. */
export const pollHoldMsDefault = 50;
/** A caller may ask for more, up to this. */
export const pollHoldMsMax = 60_000;
export const leaseMsMin = 5000;
export const leaseMsMax = 300_000;
/** An idle line keeps its subscription for so long, because workers that poll in turns come back. */
export const workLineIdleMs = 120_000;
/** A claim that takes longer is lost to the pollers; the lease of what it claimed brings the work back. */
export const claimTimeoutMs = 10_000;
/** Waiting pollers of a line look for work at least so often, and all lines together make one such claim per pass. */
export const fallbackClaimAfterMs = 10_000;
export const fallbackPassMs = 3000;

/** A connection that was given work is pinged after this, once for all that it was given meanwhile. */
export const deliveryPingMs = 500;
/** A connection that does not answer a ping for so long has lost what it was given. */
export const deliveryAnswerMs = 10_000;
/** The same for tasks, whose workers may be blocked by them. */
export const deliveryTasksMs = 60_000;

/** One WorkAvailableEvent per stream in this time. */
export const notificationGapMs = 50;

export const awaitResultHoldMsMax = 60_000;
/** A lost hint about an ended workflow costs at most this. */
export const awaitResultAgainMs = 2000;
/** An org without waiting result readers keeps its subscription for so long. */
export const endedIdleMs = 30_000;

export const liveKeepAliveMs = 15_000;
/** A stream without an event for so long ends; its reader connects again if it still cares. */
export const liveSilenceMs = 300_000;
/** A reader that does not take the last bytes of its stream is cut off after this. */
export const liveLingerMs = 10_000;
/** A subscription takes one round trip to the broker. */
export const liveSubscribeMs = 5000;
/** Children of one stream whose chunks are listened to, each a subscription. Those that ended make room for others. */
export const followedChildrenMax = 500;

export const workerKindsTtlMs = 10_000;
export const workerKindsMax = 20_000;
export const orgSlugTtlMs = 60_000;
/** An unknown slug is remembered more briefly, because its org may just be created. */
export const unknownSlugTtlMs = 5000;
export const orgSlugsMax = 10_000;

export const presenceReportMs = 5000;
/** Workers in one report; more go into the next ones at once. */
export const presenceBatchMax = 5000;
export const presenceWorkersMax = 200_000;
/** A connection on which more workers than this call is a proxy; its other calls are no sign of life of any of them. */
export const workersPerPeerMax = 16;
export const peersMax = 50_000;

/** A forwarded call without a deadline of its own. */
export const callTimeoutMs = 30_000;
/** How long a read that is answered Unavailable is repeated; a gateway that drains waits as long. */
export const readAgainForMs = 10_000;
/** Between two tries; the last one repeats. The first tries find another replica, the later ones a database that is back. */
export const readAgainPausesMs: readonly number[] = [20, 50, 100, 200, 400];
/** Activations of which it is remembered that their worker has the history, about 150 bytes each. */
export const historyReadsMax = 50_000;
/** Longer than activations run. */
export const historyReadTtlMs = 600_000;

/** One payload of a REST call: input, value, parameters. */
export const restInputBytesMax = 1024 * 1024;
/** The whole body: the payload, metadata and the rest. */
export const restBodyBytesMax = restInputBytesMax + 128 * 1024;

/** The reason of a cancel, in characters. */
export const cancelReasonLengthMax = 500;
/** A promise token for which no other time is asked. The longest is that of idempotency keys. */
export const promiseTokenSecondsDefault = 24 * 3600;

/** Orgs, principals and addresses whose calls are counted against a rate, about 100 bytes each. */
export const limitedOrgsMax = 50_000;
export const limitedPrincipalsMax = 100_000;
export const limitedAddressesMax = 100_000;

/** Certificates are looked at so often. */
export const certificatePollMs = 5000;
/** From the connection to the end of its TLS handshake. */
export const tlsHandshakeTimeoutMs = 10_000;
/** A connection of the gRPC door sends its first bytes, which say that it speaks HTTP/2, within this time. */
export const grpcPrefaceMs = 15_000;
export const grpcPrefaceBytes = 24;
/** The message of a call, from its head to its last byte: as long as a whole request over HTTP may take. */
export const grpcMessageMs = 60_000;
/** A connection that the gRPC door has ended is closed after this when the other end does not do so. */
export const grpcCloseMs = 5_000;
/** Who goes on sending after the answer is stopped after this. */
export const grpcLingerMs = 1000;
/** A connection over HTTP that ends because of what it sent is closed after this when the other end does not do so. */
export const httpLingerMs = 1000;
/** All header lines of an HTTP request together. */
export const headerBytesMax = 16 * 1024;

/** Policy files are looked at so often. */
export const policyPollMs = 3000;

/** Known worker tokens are checked together so often. A revocation whose hint was lost counts after this and one answer. */
export const workerTokenCheckMs = 1500;
/**
 * A token that was not confirmed for so long is asked for anew, and what is open under it ends. One check may be lost; at
 * the end of the third, 4.5 s at most after the last confirmation, nothing of the token is left.
 */
export const workerTokenTrustMs = 3500;
/** An answer to a check that takes longer is none. */
export const workerTokenCheckTimeoutMs = 1000;
/** The same for a token that is asked for: its caller would rather try again. */
export const workerTokenAskMs = 2000;
/** Tokens that are known, about 500 bytes each, in one question. */
export const workerTokensKnownMax = 20_000;
/** A token that does not exist is remembered briefly, because it may just be created. */
export const workerTokenUnknownMs = 2000;
export const workerTokensUnknownMax = 20_000;
/** New tokens in one question. */
export const workerTokensAskedMax = 500;

/** Audit entries are stored together so often, so many at a time. */
export const auditEveryMs = 500;
export const auditBatchMax = 500;
/** Entries that wait while they cannot be stored, about 500 bytes each. */
export const auditWaitingMax = 20_000;
/** So many make room together. */
export const auditLostAtOnce = 100;
/** What a caller wrote of an id goes no further than this; a longer request is not read for it. */
export const auditedTextMax = 255;
export const auditedRequestBytesMax = 64 * 1024;
/** Entries for one caller that is denied one action again and again; the rest of the minute is counted. */
export const deniedEntriesPerMinute = 10;
/** Callers and actions whose denials are counted. */
export const deniedKeysMax = 10_000;

/** Calls that run at shutdown get so long to end before their connections are cut. */
export const drainMs = 10_000;

/** What a piece of a request takes beside its bytes while it is kept: a caller may send one byte at a time. */
export const pieceBytes = 128;
/** Answers up to this size are counted but never refused: a caller must learn what became of work that is done. */
export const smallAnswerBytes = 4096;

/** Requests and answers from here on have turns of their own at the services: they hold up others while they are read. */
export const heavyRequestBytes = 128 * 1024;
export const heavyAnswerBytes = 512 * 1024;
/** How long answers like the last large one are expected to be large, too. */
export const heavyForMs = 10_000;
/** Operations of orgs of which is remembered how large their answers are. */
export const heavyAnswersMax = 10_000;
