import type { Msg, NatsConnection } from "nats";
import { type BusLog, limitedWarning } from "../log.js";
import type { BusStats } from "../stats.js";

export interface LinkSubscription {
  /** Takes what the broker sent already, then ends. Never rejects. */
  drain(): Promise<void>;
}

/** What requester and replicas need of the connection of their process. */
export interface Link {
  /** Everything sent back to this process arrives below this subject. */
  inbox: string;
  /** May throw when the message does not fit or the connection is closed. */
  publish(subject: string, payload: Uint8Array, reply?: string): void;
  /** What `onMessage` throws counts as a malformed message. */
  subscribe(subject: string, onMessage: (message: Msg) => void, queue?: string): LinkSubscription;
  /** Resolves when the broker has everything, or when it is away. */
  settled(): Promise<void>;
  /** Largest message of the broker in bytes, as it says itself. */
  messageBytesMax(): number;
  connected(): boolean;
  /** Counts and logs something that could not be read. */
  malformed(what: string, bytes: Uint8Array, err?: unknown): void;
  log: BusLog;
  stats: BusStats;
}

export interface LinkParts {
  connection: NatsConnection;
  inbox: string;
  connected: () => boolean;
  /** Puts the namespace of the cluster in front of a subject. */
  inNamespace: (subject: string) => string;
  log: BusLog;
  stats: BusStats;
}

/** So much of an unreadable message goes to the log, as hexadecimal. */
const excerptBytes = 48;
/** What brokers allow that say nothing themselves. */
const messageBytesMaxDefault = 1024 * 1024;

export function createLink({ connection, inbox, connected, inNamespace, log, stats }: LinkParts): Link {
  const warnMalformed = limitedWarning(log, "malformed bus message dropped");

  const malformed: Link["malformed"] = (what, bytes, err) => {
    stats.malformed += 1;
    const excerpt = Buffer.from(bytes.subarray(0, excerptBytes)).toString("hex");
    warnMalformed({ what, bytes: bytes.byteLength, excerpt, ...(err !== undefined && { err }) });
  };

  return {
    inbox,
    publish(subject, payload, reply) {
      connection.publish(inNamespace(subject), payload, reply === undefined ? undefined : { reply });
      stats.messagesSent += 1;
    },
    subscribe(subject, onMessage, queue) {
      const subscription = connection.subscribe(inNamespace(subject), {
        ...(queue !== undefined && { queue }),
        // An error that leaves the callback would end the connection.
        callback: (refused, message) => {
          if (refused !== null) return log.error({ err: refused, subject }, "subscription refused");
          stats.messagesReceived += 1;
          try {
            onMessage(message);
          } catch (err) {
            malformed(subject, message.data, err);
          }
        },
      });
      return {
        async drain() {
          if (connection.isClosed()) return;
          if (connected()) await subscription.drain().catch(() => {});
          else subscription.unsubscribe();
        },
      };
    },
    async settled() {
      if (!connected()) return;
      await connection.flush().catch((err: unknown) => log.debug({ err }, "flush cut short by a lost connection"));
    },
    messageBytesMax: () => connection.info?.max_payload ?? messageBytesMaxDefault,
    connected,
    malformed,
    log,
    stats,
  };
}
