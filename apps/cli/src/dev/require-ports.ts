import { createServer } from "node:net";
import { type FlovynConfig, listenOn } from "@flovyn/runtime";
import { UsageError } from "../command-line/errors.js";

type Address = Pick<FlovynConfig, "bindAddress" | "serverPort" | "grpcServerPort" | "opsPort" | "opsBindAddress">;

/** Makes sure that a server may listen, before anything is started for it. Errors: UsageError naming the option to change. */
export async function requirePorts(config: Address): Promise<void> {
  const wanted = [
    ["--http-port", config.serverPort, config.bindAddress],
    ["--grpc-port", config.grpcServerPort, config.bindAddress],
    ["--ops-port", config.opsPort, config.opsBindAddress],
  ] as const;
  for (const [option, port, address] of wanted) {
    const purpose = `set by ${option}`;
    await tryPort({ port, address }, purpose).catch((error: unknown) => {
      throw new UsageError(`${option}: ${(error as Error).message}`);
    });
  }
}

/** Listens on a port for an instant. Errors: Unavailable naming the port when it is taken; those of `listen`. */
export async function tryPort(listen: { port: number; address: string }, purpose: string): Promise<void> {
  await listenOn(listen, purpose, (host, wanted) => listenOnce(host, wanted));
}

function listenOnce(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, host, () => server.close(() => resolve(port)));
  });
}
