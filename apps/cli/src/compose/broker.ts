import { readFileSync } from "node:fs";
import { type Bus, type BusStats, createNatsBus } from "@flovyn/bus";
import { ConfigError, type FlovynConfig, type Logger } from "@flovyn/runtime";

export interface BrokerOptions {
  nats: FlovynConfig["nats"];
  name: string;
  log: Logger;
  stats?: BusStats;
  connectTimeoutMs?: number;
}

/** Connects to the broker as the configuration says. Errors: ConfigError naming a file that cannot be read; Unavailable. */
export function connectBroker({ nats, ...options }: BrokerOptions): Promise<Bus> {
  const { url, namespace, silenceMs, credentials, tls } = nats;
  return createNatsBus({
    ...options,
    url,
    namespace,
    limits: { silenceMs },
    ...(credentials !== undefined && {
      credentials: "credsFile" in credentials ? { creds: read("creds_file", credentials.credsFile) } : credentials,
    }),
    ...(tls !== undefined && {
      tls: {
        ...(tls.caFile !== undefined && { ca: read("tls.ca_file", tls.caFile) }),
        ...(tls.certFile !== undefined && { cert: read("tls.cert_file", tls.certFile) }),
        ...(tls.keyFile !== undefined && { key: read("tls.key_file", tls.keyFile) }),
      },
    }),
  });
}

function read(key: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new ConfigError([`nats.${key}: the file ${file} cannot be read`]);
  }
}
