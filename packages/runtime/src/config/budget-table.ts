/**
 * What callers can take of a gateway, and how much of it. The one table behind the configuration (`[limits.budgets]`), the
 * gateway that counts, its metrics, `GET …/limits` and docs/limits.md.
 */

const mebibyte = 1024 * 1024;

/** Who holds what is counted: one connection, one principal, one org, one address, everything in the process. */
export const budgetScopes = ["connection", "principal", "org", "address", "process"] as const;
export type BudgetScope = (typeof budgetScopes)[number];

export interface BudgetRow {
  /** What is counted, in the plural: `bytes`. */
  readonly unit: string;
  /** A sentence for the documentation. */
  readonly what: string;
  /** When a caller that was refused may try again. */
  readonly retryMs: number;
  /** Default sizes. A scope that is missing is not counted; `process` always is. */
  readonly limits: Readonly<Partial<Record<BudgetScope, number>> & { process: number }>;
}

export const budgetTable = {
  connections: {
    unit: "connections",
    what: "Open connections, gRPC and HTTP together. Of IPv6, addresses of one /64 count as one.",
    retryMs: 1000,
    limits: { address: 5000, process: 40_000 },
  },
  key_checks: {
    unit: "checks",
    what: "Keys that are not known yet and are being checked: tokens of an identity provider and worker tokens.",
    retryMs: 1000,
    limits: { address: 1000, process: 2000 },
  },
  calls: {
    unit: "calls",
    what: "Open gRPC calls and HTTP requests, those that wait included.",
    retryMs: 100,
    limits: { connection: 10_000, principal: 40_000, org: 50_000, process: 100_000 },
  },
  request_bytes: {
    unit: "bytes",
    what: "Requests that are being received or handled, from the first byte to the answer, after decompression, and 128 bytes for each piece that they come in.",
    retryMs: 200,
    limits: { connection: 64 * mebibyte, principal: 128 * mebibyte, org: 128 * mebibyte, process: 256 * mebibyte },
  },
  answer_bytes: {
    unit: "bytes",
    what: "Answers that their callers have not taken yet. Those of up to 4 KiB are never refused.",
    retryMs: 500,
    limits: { connection: 64 * mebibyte, principal: 64 * mebibyte, org: 64 * mebibyte, process: 256 * mebibyte },
  },
  public_answer_bytes: {
    unit: "bytes",
    what: "The API page, its files and the OpenAPI document, as far as those who asked for them without a key have not taken them yet.",
    retryMs: 500,
    limits: { connection: 8 * mebibyte, address: 64 * mebibyte, process: 256 * mebibyte },
  },
  held_polls: {
    unit: "polls",
    what: "Polls that wait for work.",
    retryMs: 1000,
    limits: { principal: 25_000, org: 25_000, process: 50_000 },
  },
  held_streams: {
    unit: "streams",
    what: "Notification streams, live streams, awaited results and reflection streams.",
    retryMs: 1000,
    limits: { principal: 5000, org: 25_000, process: 50_000 },
  },
  health_streams: {
    unit: "streams",
    what: "Streams of the gRPC health service, which needs no key.",
    retryMs: 1000,
    limits: { address: 100, process: 1000 },
  },
  poll_queues: {
    unit: "queues",
    what: "Queues that are polled; each combination of kinds counts. One without polls makes room for another.",
    retryMs: 5000,
    limits: { org: 5000, process: 10_000 },
  },
  kinds_bytes: {
    unit: "bytes",
    what: "Texts of the kinds that pollers take.",
    retryMs: 5000,
    limits: { org: 16 * mebibyte, process: 64 * mebibyte },
  },
  stream_buffer_bytes: {
    unit: "bytes",
    what: "Events of live streams that their readers have not taken yet. A stream beyond it ends with the reason.",
    retryMs: 1000,
    limits: { connection: 4 * mebibyte, org: 128 * mebibyte, process: 256 * mebibyte },
  },
} as const satisfies Record<string, BudgetRow>;

export type BudgetName = keyof typeof budgetTable;
export const budgetNames = Object.keys(budgetTable) as BudgetName[];

/** Sizes by scope; 0 turns a scope off, `process` is always on. */
export type BudgetLimits = Readonly<Partial<Record<BudgetScope, number>> & { process: number }>;
