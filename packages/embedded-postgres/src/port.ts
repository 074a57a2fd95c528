import { createServer } from "node:net";
import { EmbeddedPostgresError } from "./errors.js";

export const HOST = "127.0.0.1";

/** A port nothing listens on now. */
export async function freePort(): Promise<number> {
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
