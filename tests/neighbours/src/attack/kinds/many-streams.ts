import type { AttackStep } from "../attack-call.js";
import { httpCall, messageCall, nameOfRoute, plainMessage, type Scene } from "../scene.js";

const held = { metadata: { "flovyn-poll-hold-ms": "60000" } };
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "latin1");
/** Calls of one kind in a row. */
const row = 50;

/**
 * All that can be held: streams, awaited results, polls, live streams, connections; and every call taken back as soon as
 * it is made.
 */
export function* manyStreams(scene: Scene): Iterable<AttackStep> {
  for (const rpc of scene.rpcs) {
    const target = rpc.path;
    const message = plainMessage(rpc, scene);
    const stays = { ...held, ending: rpc.requestStream ? "stays" : "ends" } as const;
    if (rpc.responseStream || canBeHeld(rpc.name)) {
      for (let count = 0; count < row; count++) yield { target, make: () => messageCall(rpc, message, stays) };
    }
    for (let count = 0; count < row / 10; count++) {
      yield { target, make: () => messageCall(rpc, message, { ...stays, leavesAfterMs: 0 }) };
    }
  }
  for (const route of scene.routes.filter(({ streams }) => streams)) {
    for (let count = 0; count < row; count++) {
      yield { target: nameOfRoute(route), make: () => httpCall(route, scene) };
    }
  }
  for (const [to, text] of [
    ["grpc", preface],
    ["grpc", Buffer.alloc(0)],
    ["http", Buffer.alloc(0)],
    ["http", Buffer.from("GET /_/health HTTP/1.1\r\nHost: a\r\n\r\n")],
  ] as const) {
    for (let count = 0; count < row; count++) {
      const make = () => ({ transport: "raw", to, bytes: text, ending: "stays", reading: "nothing" }) as const;
      yield { target: `connection to ${to}`, make };
    }
  }
}

/** Unary calls that wait for something. */
function canBeHeld(name: string): boolean {
  return /^(?:Poll|Await)/.test(name);
}
