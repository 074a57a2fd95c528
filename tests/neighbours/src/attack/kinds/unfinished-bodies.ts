import { frame, frameHead, gzipFrame } from "../../wire/grpc-frame.js";
import { lengthField } from "../../wire/protobuf.js";
import type { AttackStep } from "../attack-call.js";
import { grpcCall, httpCall, nameOfRoute, type Scene } from "../scene.js";

const mebibyte = 1024 * 1024;
const unknownField = 15_000;
const stays = { ending: "stays" } as const;
const trickles = { ending: "trickles" } as const;

/**
 * Requests without an end: half a message and silence, a whole one without the end of the stream, also compressed, a head
 * and then nothing, one byte now and then; heads over HTTP that never end.
 */
export function* unfinishedBodies(scene: Scene): Iterable<AttackStep> {
  const large = lengthField(unknownField, Buffer.alloc(15 * mebibyte));
  const compressed = gzipFrame(large);
  const small = lengthField(unknownField, Buffer.alloc(mebibyte));
  const half = Buffer.concat([frameHead(16 * mebibyte - 4096), Buffer.alloc(8 * mebibyte)]);
  for (const rpc of scene.rpcs) {
    const target = rpc.path;
    const call = (what: Parameters<typeof grpcCall>[1]) => () => grpcCall(rpc, what);
    const gzip = { metadata: { "grpc-encoding": "gzip" } };
    yield { target, make: call({ body: compressed, ...gzip, ...stays }) };
    yield { target, make: call({ body: half, ...stays }) };
    yield { target, make: call({ body: frame(small), ...stays }) };
    yield { target, make: call({ body: Buffer.alloc(0), ...stays }) };
    yield { target, make: call({ body: frameHead(mebibyte), ...trickles }) };
    yield { target, make: call({ body: compressed.subarray(0, -1024), ...gzip, ...trickles }) };
  }
  const body = Buffer.alloc(mebibyte, " ");
  for (const route of scene.routes) {
    const target = nameOfRoute(route);
    yield { target, make: () => httpCall(route, scene, { body, saysBytes: mebibyte + 1, ...stays }) };
    yield { target, make: () => httpCall(route, scene, { body, saysBytes: 64 * mebibyte, ...trickles }) };
    yield { target, make: () => httpCall(route, scene, { body: Buffer.from("{"), saysBytes: mebibyte, ...trickles }) };
  }
  for (const to of ["grpc", "http"] as const) {
    for (const bytes of ["PRI * HTTP/2.0\r\n", "GET / HTTP/1.1\r\nHost: a\r\nx-more: "]) {
      const make = () => ({ transport: "raw", to, bytes: Buffer.from(bytes), ...trickles, reading: "all" }) as const;
      yield { target: `connection to ${to}`, make };
    }
  }
}
