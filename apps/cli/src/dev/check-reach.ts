import { createConnection } from "node:net";
import { reasonOf } from "./reason.js";
import { callRest, OutOfReachError } from "./rest.js";
import type { DemoTarget } from "./target.js";

const connectMsMax = 5_000;

/** Makes sure that a server answers on both its ports and takes the key. Errors: OutOfReachError naming what to check. */
export async function checkReach(target: DemoTarget): Promise<void> {
  await callRest(target, "/workflow-executions?limit=1");
  await connectTo(target.serverUrl).catch((cause: unknown) => {
    throw new OutOfReachError(
      `${target.serverUrl} does not answer (${reasonOf(cause)}): check --grpc-port, and that the server runs`,
    );
  });
}

/** Opens a connection to an address and closes it. Errors: those of the connection. */
export function connectTo(address: string): Promise<void> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    const socket = createConnection({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port),
      timeout: connectMsMax,
    });
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
    socket.once("error", reject);
    socket.once("timeout", () => socket.destroy(new Error(`no answer within ${connectMsMax / 1000} s`)));
  });
}
