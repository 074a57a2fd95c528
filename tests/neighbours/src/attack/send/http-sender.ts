import { Agent, request } from "node:http";
import { connect } from "node:net";
import type { HttpCall, KeyOf, RawConnection } from "../attack-call.js";
import { type CallBounds, closed, type Ended, untilEnded } from "../ended.js";
import { attackerAddress } from "./attacker-address.js";
import { isOrdinary, trickle } from "./trickle.js";

type Address = typeof attackerAddress & { port: number };

/** Sends requests over HTTP/1.1, over kept connections where they are such as clients make, and over one each otherwise. */
export class HttpSender {
  readonly #addresses: Readonly<Record<RawConnection["to"], readonly Address[]>>;
  readonly #keys: Readonly<Record<Exclude<KeyOf, "none">, string>>;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  #next = 0;

  constructor(options: {
    httpUrls: readonly string[];
    grpcAddresses: readonly string[];
    keys: { user: string; worker: string };
  }) {
    const toAddress = (url: string): Address => ({ ...attackerAddress, port: Number(new URL(url).port) });
    this.#addresses = {
      http: options.httpUrls.map(toAddress),
      grpc: options.grpcAddresses.map((address) => toAddress(`http://${address}`)),
    };
    this.#keys = options.keys;
  }

  send(call: HttpCall, bounds: CallBounds): Promise<Ended> {
    return isOrdinary(call)
      ? this.#request(call, bounds)
      : this.connect({ ...call, transport: "raw", to: "http", bytes: this.#bytesOf(call) }, bounds);
  }

  /** Opens a connection for some bytes. */
  connect(call: RawConnection, bounds: CallBounds): Promise<Ended> {
    return untilEnded(bounds, call.leavesAfterMs, (end) => {
      const socket = connect({ ...this.#address(call.to), noDelay: true });
      let status: Ended | undefined;
      socket.on("error", () => {});
      socket.once("close", () => end(status ?? closed));
      socket.once("data", (data: Buffer) => {
        const code = /^HTTP\/1.1 (\d{3})/.exec(data.subarray(0, 20).toString("latin1"))?.[1];
        if (code === undefined) return;
        status = `HTTP ${code}`;
        // A status is an answer; what follows it is not read.
        if (call.reading === "nothing") socket.pause();
        else if (call.ending !== "stays") end(status);
      });
      if (call.reading === "nothing") socket.pause();
      // An end of the connection would be that of its answer, too.
      const stop = trickle({ ...call, ending: call.ending === "ends" ? "stays" : call.ending }, socket);
      return () => {
        stop();
        socket.destroy();
      };
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #request(call: HttpCall, bounds: CallBounds): Promise<Ended> {
    return untilEnded(bounds, call.leavesAfterMs, (end) => {
      const { method, path } = call;
      const sent = request(
        { ...this.#address("http"), method, path, headers: this.#headers(call), agent: this.#agent },
        (answer) => {
          answer.on("error", () => end(closed));
          answer.once("end", () => end(`HTTP ${answer.statusCode}`));
          answer.resume();
        },
      );
      sent.on("error", () => end(closed));
      sent.end(call.body);
      return () => {
        if (!sent.destroyed && !sent.closed) sent.destroy();
      };
    });
  }

  #headers(call: HttpCall): Record<string, string> {
    const length = call.saysBytes ?? call.body?.byteLength;
    return {
      ...(call.key !== "none" && { authorization: `Bearer ${this.#keys[call.key]}` }),
      ...(call.body && { "content-type": "application/json" }),
      ...(length !== undefined && { "content-length": String(length) }),
      ...call.headers,
    };
  }

  #bytesOf(call: HttpCall): Buffer {
    const headers = Object.entries({ host: "localhost", ...this.#headers(call) });
    const head = [`${call.method} ${call.path} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)];
    return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), call.body ?? Buffer.alloc(0)]);
  }

  #address(to: RawConnection["to"]): Address {
    const all = this.#addresses[to];
    const address = all[this.#next++ % all.length];
    if (address === undefined) throw new Error("there is no gateway to attack");
    return address;
  }
}
