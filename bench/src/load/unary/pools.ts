import type { Target } from "../job.js";
import { ConnectionPool } from "./connection.js";

/** Connections of a worker and of a client beside it. */
export interface Pools {
  worker: ConnectionPool;
  client: ConnectionPool;
  close(): void;
}

export function openPools({ target, connections }: { target: Target; connections: number }): Pools {
  const { doors, workerToken, apiKey } = target;
  const worker = new ConnectionPool({ doors, token: workerToken, size: connections });
  const client = new ConnectionPool({ doors, token: apiKey, size: connections });
  return {
    worker,
    client,
    close: () => {
      worker.close();
      client.close();
    },
  };
}
