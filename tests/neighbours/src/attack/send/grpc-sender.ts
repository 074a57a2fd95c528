import { type ClientHttp2Session, connect, constants } from "node:http2";
import { connect as connectTcp } from "node:net";
import { grpcStatusName } from "../../wire/grpc-status.js";
import type { GrpcCall, KeyOf } from "../attack-call.js";
import { type CallBounds, closed, type Ended, untilEnded } from "../ended.js";
import { attackerAddress } from "./attacker-address.js";
import { trickle } from "./trickle.js";

/** Connections to each address for those that read and for those that do not. */
const connectionsEach = 4;
const settings = { all: { initialWindowSize: 1024 * 1024 }, nothing: { initialWindowSize: 0 } } as const;

/** Sends calls over HTTP/2 by hand, over a few connections that are opened again when they end. */
export class GrpcSender {
  readonly #addresses: readonly string[];
  readonly #keys: Readonly<Record<Exclude<KeyOf, "none">, string>>;
  readonly #sessions = new Map<string, ClientHttp2Session>();
  #next = 0;

  constructor(options: { addresses: readonly string[]; keys: { user: string; worker: string } }) {
    this.#addresses = options.addresses;
    this.#keys = options.keys;
  }

  send(call: GrpcCall, bounds: CallBounds): Promise<Ended> {
    return untilEnded(bounds, call.leavesAfterMs, (end) => {
      const stream = this.#session(call.reading).request(
        {
          ":method": "POST",
          ":path": call.path,
          "content-type": "application/grpc",
          te: "trailers",
          ...(call.key !== "none" && { authorization: `Bearer ${this.#keys[call.key]}` }),
          ...call.metadata,
        },
        { endStream: false },
      );
      let status: Ended | undefined;
      const read = (fields: Record<string, unknown>) => {
        if (fields["grpc-status"] !== undefined) status = grpcStatusName(Number(fields["grpc-status"]));
        else if (fields[":status"] !== undefined && fields[":status"] !== 200) status = `HTTP ${fields[":status"]}`;
        // The rest of the answer is never read, and its end neither.
        if (status !== undefined && call.reading === "nothing") end(status);
      };
      stream.on("response", read).on("trailers", read);
      stream.on("error", () => {});
      stream.once("close", () => end(status ?? closed));
      if (call.reading === "all") stream.resume();
      const stop = trickle(call, stream);
      return () => {
        stop();
        if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL);
      };
    });
  }

  close(): void {
    for (const session of this.#sessions.values()) session.destroy();
  }

  #session(reading: GrpcCall["reading"]): ClientHttp2Session {
    const turn = this.#next++ % (this.#addresses.length * connectionsEach);
    const name = `${reading} ${turn}`;
    const found = this.#sessions.get(name);
    if (found !== undefined && !found.closed && !found.destroyed) return found;
    const url = `http://${this.#addresses[turn % this.#addresses.length]}`;
    const session = connect(url, {
      createConnection: () => connectTcp({ ...attackerAddress, port: Number(new URL(url).port) }),
      settings: settings[reading],
      maxSessionMemory: 1024,
    });
    session.setMaxListeners(0);
    session.on("error", () => {});
    this.#sessions.set(name, session);
    return session;
  }
}
