import { DomainError } from "@flovyn/domain";

export type NatsCredentials =
  | { user: string; password: string }
  | { token: string }
  /** Contents of a `.creds` file: user JWT and seed. */
  | { creds: string };

export interface BrokerUrl {
  /** `host:port`, without scheme and credentials: safe to log. */
  servers: string[];
  /** Those of the first server that has some. */
  credentials: NatsCredentials | undefined;
  tls: boolean;
}

const defaultPort = "4222";
const schemes: ReadonlySet<string> = new Set(["nats:", "tls:"]);

/**
 * Reads `nats://user:password@host:4222`, several of them separated by commas; `token@` instead of a user; `tls://` for TLS.
 * Scheme and port may be left out. Errors: InvalidInput without repeating the text, which may hold a password.
 */
export function parseBrokerUrl(text: string): BrokerUrl {
  const urls = text.split(",").map((part) => parseServer(part.trim()));
  return {
    servers: urls.map((url) => `${url.hostname}:${url.port === "" ? defaultPort : url.port}`),
    credentials: urls.map(credentialsOf).find((credentials) => credentials !== undefined),
    tls: urls.some((url) => url.protocol === "tls:"),
  };
}

function parseServer(text: string): URL {
  try {
    const url = new URL(text.includes("://") ? text : `nats://${text}`);
    if (schemes.has(url.protocol) && url.hostname !== "") return url;
  } catch {
    // The refusal below says what is expected; the error of URL repeats the text and adds nothing.
  }
  throw new DomainError("InvalidInput", "the broker URL must look like nats://host:4222 or tls://host:4222");
}

function credentialsOf(url: URL): NatsCredentials | undefined {
  if (url.username === "") return undefined;
  const user = decodeURIComponent(url.username);
  return url.password === "" ? { token: user } : { user, password: decodeURIComponent(url.password) };
}
