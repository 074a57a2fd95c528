import type { Writable } from "node:stream";
import { DomainError } from "@flovyn/domain";
import pg from "pg";

/** What runs statements: a connection inside a transaction, or the pool for single statements. */
export interface Executor {
  query(query: { name?: string; text: string; values?: unknown[] }): Promise<pg.QueryResult>;
}

/** A transaction whose last writes leave together with its commit. */
export interface Transaction extends Executor {
  /**
   * Notes a write whose result nobody waits for. It is sent at once; the commit waits for it, and when it fails the
   * transaction fails with its error.
   */
  defer(write: Promise<unknown>): void;
}

export interface DatabaseOptions {
  url: string;
  /** Connections at most. One batch uses one connection while it runs. */
  poolMax: number;
  applicationName: string;
  /** Called when an idle connection breaks; the pool replaces it. */
  onIdleError?: (error: Error) => void;
}

export interface DatabaseStats {
  transactions: number;
  statements: number;
  poolTotal: number;
  poolIdle: number;
  poolWaiting: number;
}

const connectTimeoutMs = 5_000;
const idleTimeoutMs = 600_000;
/** No statement of ours runs this long on a healthy database; a stuck one must not hold locks for ever. */
const statementTimeoutMs = 60_000;

/** One pool of one process. */
export class Database implements Executor {
  readonly #pool: pg.Pool;
  #transactions = 0;
  #statements = 0;

  constructor(options: DatabaseOptions) {
    this.#pool = new pg.Pool({
      connectionString: options.url,
      max: options.poolMax,
      application_name: options.applicationName,
      connectionTimeoutMillis: connectTimeoutMs,
      idleTimeoutMillis: idleTimeoutMs,
      statement_timeout: statementTimeoutMs,
      // Statements of one transaction are sent without waiting for the answer of the one before.
      pipeline: true,
    } as pg.PoolConfig);
    this.#pool.on("error", (error) => options.onIdleError?.(error));
  }

  /** Runs one statement in its own transaction. */
  async query(query: { name?: string; text: string; values?: unknown[] }): Promise<pg.QueryResult> {
    this.#statements += 1;
    try {
      return await this.#pool.query(query);
    } catch (error) {
      throw translate(error);
    }
  }

  /**
   * Runs `work` in a transaction: commits when it resolves, rolls back when it rejects. A connection that broke is
   * thrown away, so the pool never hands out one with an open transaction.
   * Errors: what `work` rejects with; Unavailable when the database cannot be reached (the commit may have happened).
   */
  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    this.#transactions += 1;
    const client = await this.#connect();
    const deferred: Promise<unknown>[] = [];
    const send = createSender(client);
    const tx: Transaction = {
      query: (query) => {
        this.#statements += 1;
        return send(query);
      },
      defer: (write) => {
        // Awaited at the commit; until then a failure must not count as unhandled.
        write.catch(() => {});
        deferred.push(write);
      },
    };
    let broken: Error | undefined;
    const onError = (error: Error) => {
      broken = error;
    };
    client.on("error", onError);
    try {
      const begun = send({ text: "begin" });
      begun.catch(() => {});
      const result = await work(tx);
      const committed = send({ text: "commit" });
      await Promise.all([begun, ...deferred, committed]);
      if ((await committed).command !== "COMMIT") throw new Error("the transaction was rolled back");
      return result;
    } catch (error) {
      await Promise.allSettled(deferred);
      await client.query("rollback").catch((failure: Error) => {
        broken = failure;
      });
      throw translate(error);
    } finally {
      client.removeListener("error", onError);
      client.release(broken);
    }
  }

  stats(): DatabaseStats {
    return {
      transactions: this.#transactions,
      statements: this.#statements,
      poolTotal: this.#pool.totalCount,
      poolIdle: this.#pool.idleCount,
      poolWaiting: this.#pool.waitingCount,
    };
  }

  /** Lets running statements end, then closes all connections. */
  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw translate(error);
    }
  }
}

/**
 * Sends the statements of one turn in one write: begin and the locks, then the writes and commit. Each write wakes the
 * server process on the other side, which on a busy machine costs more than the statement.
 */
function createSender(client: pg.PoolClient): Executor["query"] {
  // The driver's types leave its socket out.
  const { stream } = (client as unknown as { connection: { stream: Writable } }).connection;
  let corked = false;
  const uncork = () => {
    corked = false;
    stream.uncork();
  };
  return (query) => {
    if (!corked) {
      corked = true;
      stream.cork();
      // Runs after the microtasks of this turn, which may add the statements that belong together.
      process.nextTick(uncork);
    }
    return client.query(query) as Promise<pg.QueryResult>;
  };
}

const sqlStateForm = /^[0-9A-Z]{5}$/;

/**
 * Errors that say nothing about the statement but that the database is away become Unavailable, a cancelled statement
 * becomes Timeout; anything else passes as it is. SQLSTATE classes: 08 connection, 53 resources, 57P shutdown; 57014 is
 * the statement timeout. A deadlock or serialization failure (class 40) passes: it was rolled back and may be repeated.
 */
function translate(error: unknown): unknown {
  if (error instanceof DomainError || !(error instanceof Error)) return error;
  const code = (error as { code?: unknown }).code;
  const hasSqlState = typeof code === "string" && sqlStateForm.test(code);
  if (code === "57014") return new DomainError("Timeout", "the database took too long", { cause: error });
  const away = hasSqlState ? /^(08|53|57P)/.test(code) : isConnectionError(error, code);
  return away ? new DomainError("Unavailable", "the database cannot be reached", { cause: error }) : error;
}

function isConnectionError(error: Error, code: unknown): boolean {
  if (typeof code === "string") return /^E[A-Z]+$/.test(code);
  return /connection|timeout|not queryable|client was closed|pool after calling end/i.test(error.message);
}

/** SQLSTATE of a row whose key another transaction has committed meanwhile. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === "23505";
}

/** SQLSTATE of a reference to a row that does not exist. */
export function isForeignKeyViolation(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === "23503";
}
