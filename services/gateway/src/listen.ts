import { portBusy } from "@flovyn/runtime";

/** All addresses of the machine, over IPv6 and IPv4 with one socket. */
const everywhere = "::";

/** The addresses to try one after the other: a machine without IPv6 listens on all its IPv4 addresses instead. */
function listenAddresses(address: string): readonly string[] {
  return address === everywhere ? [everywhere, "0.0.0.0"] : [address];
}

export interface Listen {
  address: string;
  port: number;
}

/** Tries the addresses until one can be bound. Errors: Unavailable naming the port when it is taken. */
export async function listenOn<Bound>(
  listen: Listen,
  purpose: string,
  bind: (host: string, port: number) => Promise<Bound>,
): Promise<Bound> {
  let failure: unknown;
  for (const host of listenAddresses(listen.address)) {
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
