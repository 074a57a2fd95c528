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
export async function listenOn(
  listen: Listen,
  purpose: string,
  bind: (host: string, port: number) => Promise<number>,
): Promise<number> {
  let failure: unknown;
  for (const host of listen.address === everywhere ? [everywhere, "0.0.0.0"] : [listen.address]) {
    try {
      return await bind(host, listen.port);
    } catch (error) {
      failure = error;
      if (isTaken(failure)) break;
    }
  }
  throw portBusy(failure, listen.port, purpose);
}

/** Whether an error says that another socket has the address. */
export function isTaken(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === "EADDRINUSE";
}
