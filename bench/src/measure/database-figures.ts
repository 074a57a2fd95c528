import pg from "pg";

export interface DatabaseFigures {
  /** Bytes written to the log so far, by all databases of the server. */
  walBytes: number;
  /** Transactions that wrote something so far; exact at any time. */
  writeTransactions: number;
  /** Transactions committed in the measured database, reads included. Connections report theirs late, see `settleMs`. */
  commits: number;
}

/** A connection that has become idle reports its statistics within this time (10 s in Postgres). */
export const settleMs = 10_500;

/** Reads the server's own figures from another database than the measured one, so as not to be counted. */
export class FiguresReader {
  readonly #client: pg.Client;
  readonly #database: string;

  constructor(databaseUrl: string) {
    const url = new URL(databaseUrl);
    this.#database = url.pathname.slice(1);
    url.pathname = "/postgres";
    this.#client = new pg.Client({ connectionString: url.href, application_name: "flovyn-bench" });
    // A server that goes away shows at the next read.
    this.#client.on("error", () => {});
  }

  async connect(): Promise<void> {
    await this.#client.connect();
  }

  async version(): Promise<string> {
    const { rows } = await this.#client.query("select current_setting('server_version') as version");
    return String(rows[0].version);
  }

  async read(): Promise<DatabaseFigures> {
    const { rows } = await this.#client.query(
      `select pg_current_wal_lsn() - '0/0'::pg_lsn as wal,
         pg_snapshot_xmax(pg_current_snapshot())::text as next_transaction,
         (select xact_commit from pg_stat_database where datname = $1) as commits`,
      [this.#database],
    );
    const [row] = rows;
    return {
      walBytes: Number(row.wal),
      writeTransactions: Number(row.next_transaction),
      commits: Number(row.commits),
    };
  }

  async close(): Promise<void> {
    await this.#client.end();
  }
}
