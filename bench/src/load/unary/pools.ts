import type { Target } from "../job.js";
import { ConnectionPool } from "./connection.js";

/** Connections of a worker and of a client beside it. */
export interface Pools {
  worker: ConnectionPool;
  client: ConnectionPool;
  close(): void;
}

/** `pollHoldMs`: how long an empty poll of the worker may be held; left out it is the server's choice. */
export function openPools(
  { target, connections }: { target: Target; connections: number },
  caller: { pollHoldMs?: number } = {},
): Pools {
  const { doors, workerToken, apiKey } = target;
  const worker = new ConnectionPool({ doors, token: workerToken, size: connections, ...caller });
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

/** For loads whose latency is not to be that of polls that come back empty. */
export const heldPollMs = 1000;
