import type { AttackStep } from "../attack-call.js";
import { httpCall, messageCall, nameOfRoute, plainBody, plainMessage, type Scene } from "../scene.js";

/** Calls that wait leave at once: a flood does not wait. */
const unheld = { metadata: { "flovyn-poll-hold-ms": "0" }, leavesAfterMs: 200 };

/** Small calls of every RPC and every route, as fast as they are answered. */
export function* flood(scene: Scene): Iterable<AttackStep> {
  for (const rpc of scene.rpcs) {
    yield { target: rpc.path, make: () => messageCall(rpc, plainMessage(rpc, scene), unheld) };
  }
  for (const route of scene.routes) {
    const leaves = route.streams ? { leavesAfterMs: 200 } : {};
    const make = () => httpCall(route, scene, { ...(route.body && { body: plainBody(route, scene) }), ...leaves });
    yield { target: nameOfRoute(route), make };
  }
}
