import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { EmbeddedPostgresError } from "./errors.js";

export const HOST = "127.0.0.1";

/** Below the ports that systems hand out by themselves, which anybody could be given between the look and the use. */
const [firstPort, lastPort] = [10_000, 32_000];
const tries = 50;

/** A port nothing listens on now. */
export async function freePort(): Promise<number> {
  for (let left = tries; left > 0; left--) {
    const port = await listenBriefly(randomInt(firstPort, lastPort)).catch(() => undefined);
    if (port !== undefined) return port;
  }
  return await listenBriefly(0);
}

/** Errors: PortBusy. */
export async function requireFree(port: number): Promise<number> {
  try {
    return await listenBriefly(port);
  } catch (cause) {
    throw portBusy(port, cause);
  }
}

export function portBusy(port: number, cause?: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    "PortBusy",
    `Port ${port} on ${HOST}, wanted for Postgres, is not free. Stop the program that holds it, or choose another port.`,
    { cause },
  );
}

function listenBriefly(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ port, host: HOST }, () => {
      const address = server.address();
      const bound = typeof address === "object" && address ? address.port : port;
      server.close(() => resolve(bound));
    });
  });
}
