import { frame } from "../../wire/grpc-frame.js";
import { repeatedBytes } from "../../wire/protobuf.js";
import type { AttackStep } from "../attack-call.js";
import { httpCall, messageCall, nameOfRoute, plainMessage, type Scene } from "../scene.js";

const unread = { reading: "nothing" } as const;
/** Questions on one stream, each with an answer. */
const questionsBytes = 256 * 1024;

/**
 * Calls whose answer is never read: of every RPC and every route, most of all those of the longest history there is;
 * streams that ask and ask and read no answer.
 */
export function* stoppedReaders(scene: Scene): Iterable<AttackStep> {
  const { longWorkflowId, workflowId } = scene.foothold;
  const long = { workflow_execution_id: longWorkflowId };
  for (const rpc of scene.rpcs) {
    const target = rpc.path;
    const message = plainMessage(rpc, scene, rpc.request ? long : undefined);
    yield { target, make: () => messageCall(rpc, message, unread) };
    if (!rpc.requestStream) continue;
    const body = repeatedBytes(frame(message), questionsBytes);
    yield { target, make: () => messageCall(rpc, message, { body, ...unread, ending: "stays" }) };
  }
  for (const route of scene.routes.filter(({ method }) => method === "GET")) {
    const target = nameOfRoute(route);
    const make = () => {
      const call = httpCall(route, scene, unread);
      return { ...call, path: call.path.replace(workflowId, longWorkflowId) };
    };
    yield { target, make };
    // Again, so that those of the history are more than a few among many.
    if (/events|openapi/.test(route.path)) for (let more = 0; more < 10; more++) yield { target, make };
  }
  const history = scene.rpcs.find(({ name }) => name === "GetEvents");
  if (history === undefined) throw new Error("there is no RPC that reads a history");
  for (let more = 0; more < 40; more++) {
    yield { target: history.path, make: () => messageCall(history, plainMessage(history, scene, long), unread) };
  }
}
