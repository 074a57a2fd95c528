import { portBusy } from "./port-busy.js";

/** All addresses of the machine, over IPv6 and IPv4 with one socket. */
const everywhere = "::";

export interface Listen {
  address: string;
  /** 0 picks a free port. */
  port: number;
}

/**
 * Binds an address; where the machine has no IPv6, `::` stands for all its IPv4 addresses.
 * Errors: Unavailable naming the port when it is taken; otherwise those of `bind`.
 */
export async function listenOn<Bound>(
  listen: Listen,
  purpose: string,
  bind: (host: string, port: number) => Promise<Bound>,
): Promise<Bound> {
  let failure: unknown;
  for (const host of listen.address === everywhere ? [everywhere, "0.0.0.0"] : [listen.address]) {
    try {
      return await bind(host, listen.port);
    } catch (error) {
      failure = withCode(error);
      if (isTaken(failure)) break;
    }
  }
  throw portBusy(failure, listen.port, purpose);
}

/** grpc-js tells the system's code only inside its text. */
function withCode(error: unknown): unknown {
  const code = /\b(EADDRINUSE|EACCES)\b/.exec(String(error))?.[1];
  return error instanceof Error && code !== undefined ? Object.assign(error, { code }) : error;
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === "EADDRINUSE";
}
