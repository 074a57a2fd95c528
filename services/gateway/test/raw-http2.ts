import { connect } from "node:net";

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const types = { data: 0, headers: 1, reset: 3, settings: 4, goAway: 7 };
const endStream = 1;
const endHeaders = 4;

/** One header, literally, in no table (RFC 7541 §6.2.2). Names and values have less than 127 characters. */
function literal(name: string, value: string): Buffer {
  const text = (part: string) => Buffer.concat([Buffer.of(part.length), Buffer.from(part)]);
  return Buffer.concat([Buffer.of(0), text(name), text(value)]);
}

function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.byteLength, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

/**
 * One gRPC call with an empty message and exactly these headers, which clients of libraries would put in order. Resolves when
 * the server has ended it, in whatever way.
 */
export function callWithHeaders(port: number, headers: readonly (readonly [string, string])[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    const block = Buffer.concat(headers.map(([name, value]) => literal(name, value)));
    socket.write(preface);
    socket.write(frame(types.settings, 0, 0, Buffer.alloc(0)));
    socket.write(frame(types.headers, endHeaders, 1, block));
    socket.write(frame(types.data, endStream, 1, Buffer.alloc(5)));
    let rest = Buffer.alloc(0);
    socket.on("data", (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      while (rest.byteLength >= 9 && rest.byteLength >= 9 + rest.readUIntBE(0, 3)) {
        const [type, flags] = [rest.readUInt8(3), rest.readUInt8(4)];
        const ends = (type === types.headers || type === types.data) && (flags & endStream) !== 0;
        if (ends || type === types.reset || type === types.goAway) socket.destroy();
        rest = rest.subarray(9 + rest.readUIntBE(0, 3));
      }
    });
    socket.on("error", reject);
    socket.on("close", () => resolve());
  });
}
