import { DomainError } from "@flovyn/domain";
import { type ConnectionOptions, connect, credsAuthenticator, Events, type NatsConnection } from "nats";
import type { BusLog } from "../log.js";
import { type NatsCredentials, parseBrokerUrl } from "./broker-url.js";

export interface NatsTls {
  /** PEM texts. */
  ca?: string;
  cert?: string;
  key?: string;
}

export interface NatsConnectionOptions {
  /** `nats://host:4222`, several separated by commas; `tls://` asks for TLS; `user:password@` or `token@` may be part of it. */
  url: string;
  /** Shown by the broker for this connection. */
  name: string;
  log: BusLog;
  credentials?: NatsCredentials;
  tls?: NatsTls;
  /** How long the first connection is tried, in ms. 30,000 when left out. */
  connectTimeoutMs?: number;
}

export interface BrokerConnection {
  connection: NatsConnection;
  /** Tells of every loss and return from now on. */
  watch(events: ConnectionEvents): void;
}

export interface ConnectionEvents {
  lost(): void;
  back(): void;
}

const connectTimeoutMsDefault = 30_000;
/** One attempt to connect. */
const dialTimeoutMs = 5_000;
/** A broker that is silent for two of these is given up: a machine that vanished closes no socket. */
const pingIntervalMs = 5_000;
const pingsOutMax = 2;
/** Pauses between attempts grow with the time without a broker, between these. */
const reconnectPauseMsMin = 50;
const reconnectPauseMsMax = 1_000;

/** Connects, and stays connected for as long as the process lives. Errors: Unavailable when the first attempts fail. */
export async function connectNats(options: NatsConnectionOptions): Promise<BrokerConnection> {
  const { log, connectTimeoutMs = connectTimeoutMsDefault } = options;
  const { servers, credentials, tls } = parseBrokerUrl(options.url);
  const backOff = createBackOff();
  const connection = await firstConnection(
    {
      servers,
      name: options.name,
      timeout: dialTimeoutMs,
      pingInterval: pingIntervalMs,
      maxPingOut: pingsOutMax,
      reconnect: true,
      maxReconnectAttempts: -1,
      reconnectDelayHandler: backOff.pauseMs,
      ignoreAuthErrorAbort: true,
      // Without this the client builds an Error for each call it makes.
      noAsyncTraces: true,
      ...authentication(options.credentials ?? credentials),
      ...((tls || options.tls !== undefined) && { tls: { ...options.tls } }),
    },
    performance.now() + connectTimeoutMs,
  );
  return {
    connection,
    watch(events) {
      watch(connection, log, backOff, events).catch((err: unknown) => {
        log.error({ err }, "watching the broker connection failed");
      });
    },
  };
}

async function firstConnection(options: ConnectionOptions, giveUpAt: number): Promise<NatsConnection> {
  for (;;) {
    try {
      return await connect(options);
    } catch (cause) {
      if (performance.now() + reconnectPauseMsMax > giveUpAt) {
        const servers = [options.servers].flat().join(", ");
        const why = cause instanceof Error ? cause.message : "unknown reason";
        throw new DomainError("Unavailable", `no connection to the message broker at ${servers}: ${why}`, { cause });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, reconnectPauseMsMax / 2));
  }
}

async function watch(
  connection: NatsConnection,
  log: BusLog,
  backOff: BackOff,
  events: ConnectionEvents,
): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === Events.Disconnect) {
      backOff.lost();
      log.warn({ server: status.data }, "broker connection lost");
      events.lost();
    } else if (status.type === Events.Reconnect) {
      log.info({ server: status.data }, "broker connection is back");
      events.back();
    } else if (status.type === Events.Error) {
      log.error({ code: status.data, permission: status.permissionContext }, "broker refused something");
    } else if (status.type === Events.LDM) {
      log.info({ server: status.data }, "broker is about to stop");
    }
  }
}

interface BackOff {
  lost(): void;
  pauseMs: () => number;
}

/**
 * The client asks for the pause again and again while it waits, so the answer follows from the time since the loss, not from
 * the number of questions. The share of each process differs, so that they do not come back in one instant.
 */
function createBackOff(): BackOff {
  const share = 0.2 + Math.random() * 0.1;
  let lostAt = performance.now();
  return {
    lost() {
      lostAt = performance.now();
    },
    pauseMs: () => {
      const pauseMs = (performance.now() - lostAt) * share;
      return Math.min(Math.max(pauseMs, reconnectPauseMsMin), reconnectPauseMsMax);
    },
  };
}

function authentication(credentials: NatsCredentials | undefined): ConnectionOptions {
  if (credentials === undefined) return {};
  if ("creds" in credentials) return { authenticator: credsAuthenticator(Buffer.from(credentials.creds)) };
  if ("token" in credentials) return { token: credentials.token };
  return { user: credentials.user, pass: credentials.password };
}
