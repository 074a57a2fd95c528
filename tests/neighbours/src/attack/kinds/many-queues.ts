import type { DescMessage } from "@bufbuild/protobuf";
import { lengthField } from "../../wire/protobuf.js";
import type { AttackStep } from "../attack-call.js";
import { messageCall, plainMessage, type Scene } from "../scene.js";

/** As many kinds as a worker may name, as long as they may be. */
const [kindsMax, kindLengthMax] = [1000, 255];
const held = { metadata: { "flovyn-poll-hold-ms": "60000" } };
const queuesAtOnce = 200;

/** Every RPC that names a queue, each call with one that was never there; with no kinds, and with all a worker may name. */
export function* manyQueues(scene: Scene): Iterable<AttackStep> {
  let next = 0;
  const newQueue = () => ({ queue: `queue-${process.pid}-${next++}`, worker_id: `worker-${next}` });
  for (const rpc of scene.rpcs) {
    const { request } = rpc;
    if (!request?.fields.some(({ name }) => name === "queue")) continue;
    const lists = request.fields.filter((field) => field.fieldKind === "list" && field.listKind === "scalar");
    const kinds = Buffer.concat(lists.map(({ number }) => kindList(number)));
    for (let count = 0; count < queuesAtOnce; count++) {
      const plain = () => plainMessage(rpc, scene, newQueue());
      yield { target: rpc.path, make: () => messageCall(rpc, plain(), held) };
      if (lists.length === 0) continue;
      yield { target: rpc.path, make: () => messageCall(rpc, Buffer.concat([plain(), kinds]), held) };
    }
  }
}

/** Whether a request names a queue itself. */
export function namesQueue(request: DescMessage): boolean {
  return request.fields.some(({ name }) => name === "queue");
}

function kindList(field: number): Buffer {
  const kind = (index: number) => `kind-${index}-`.padEnd(kindLengthMax, "x");
  return Buffer.concat(Array.from({ length: kindsMax }, (_, index) => lengthField(field, kind(index))));
}
