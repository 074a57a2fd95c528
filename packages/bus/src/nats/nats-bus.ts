import { newId } from "@flovyn/domain";
import type { Bus, Serving } from "../bus.js";
import { createHintDelivery } from "../hint-queue.js";
import { limitedWarning } from "../log.js";
import { busClosed, countRequestError } from "../request-errors.js";
import { type BusStats, createBusStats } from "../stats.js";
import { createNamespace, inboxSubject } from "../subjects.js";
import { createAssemblyRoom } from "./assembly.js";
import { createChunkSender } from "./chunk-sender.js";
import { connectNats, type NatsConnectionOptions } from "./connection.js";
import { openInbox } from "./inbox.js";
import { createLink } from "./link.js";
import { startReplica } from "./replica.js";
import { createReplies } from "./replies.js";
import { createRequester } from "./requester.js";
import { type NatsBusLimits, withDefaults } from "./settings.js";

export interface NatsBusOptions extends NatsConnectionOptions {
  /** Written by the bus, read by metrics. */
  stats?: BusStats;
  limits?: Partial<NatsBusLimits>;
  /** Keeps clusters apart that share a broker: one token of letters, digits, `_` and `-`. None when left out. */
  namespace?: string;
}

/**
 * The bus between processes, over NATS core: nothing is stored. See README.md for the frames and for what happens when
 * something is lost. Resolves when the broker is reached. Errors: Unavailable when it is not within `connectTimeoutMs`,
 * InvalidInput for an unusable URL.
 */
export async function createNatsBus(options: NatsBusOptions): Promise<Bus> {
  const { log } = options;
  const stats = options.stats ?? createBusStats();
  const limits = withDefaults(options.limits ?? {});
  const sender = createChunkSender(limits.silenceMs * 2);
  const room = createAssemblyRoom(limits.assemblyBytesMax);
  const servings = new Set<Serving>();
  let connected = true;
  let closed = false;
  let drained: Promise<void> | undefined;

  const { connection, watch } = await connectNats(options);
  const isConnected = (): boolean => connected && !connection.isClosed();
  const inNamespace = createNamespace(options.namespace ?? "");
  const link = createLink({
    connection,
    inbox: inboxSubject(newId()),
    connected: isConnected,
    inNamespace,
    log,
    stats,
  });
  const requester = createRequester(link, limits, sender, room);
  const replies = createReplies(link, sender);
  const deliver = createHintDelivery(log, stats);
  const warnHintFailed = limitedWarning(log, "hint could not be sent");
  openInbox(link, requester, sender);
  watch({
    lost() {
      connected = false;
      requester.connectionLost();
      sender.loseAll();
    },
    back() {
      connected = true;
      stats.reconnects += 1;
    },
  });
  await link.settled();

  return {
    request(request) {
      if (!closed) return requester.request(request);
      stats.requests += 1;
      const error = busClosed(request.operation);
      countRequestError(stats, error);
      return Promise.reject(error);
    },
    async serve(service, handler) {
      const replica = startReplica({ link, limits, replies, room }, service, handler);
      const serving: Serving = {
        stop() {
          servings.delete(serving);
          return replica.stop();
        },
      };
      servings.add(serving);
      await link.settled();
      return serving;
    },
    hint(subject, payload) {
      try {
        if (!isConnected()) throw new Error("not connected");
        connection.publish(inNamespace(subject), payload);
        stats.hintsSent += 1;
      } catch (err) {
        stats.hintsFailed += 1;
        warnHintFailed({ err, subject });
      }
    },
    async subscribe(subject, handler) {
      const subscription = connection.subscribe(inNamespace(subject), {
        callback: (err, message) => {
          if (err === null) deliver(handler, message.data, subject);
          else log.error({ err, subject }, "hint subscription refused");
        },
      });
      await link.settled();
      return {
        async stop() {
          if (!connection.isClosed()) subscription.unsubscribe();
        },
      };
    },
    async flush() {
      requester.flush();
      replies.flush();
      await link.settled();
    },
    connected: () => isConnected() && !closed,
    drain() {
      drained ??= drain();
      return drained;
    },
  };

  /** Handlers that still run may make requests of their own, so new requests are refused only after the last of them. */
  async function drain(): Promise<void> {
    await Promise.all([...servings].map((serving) => serving.stop()));
    closed = true;
    await requester.idle();
    requester.stop();
    replies.flush();
    if (isConnected()) await connection.drain();
    if (!connection.isClosed()) await connection.close();
  }
}
