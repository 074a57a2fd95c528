import type { AddressInfo, Server } from "node:net";
import { type Listen, listenOn } from "@flovyn/runtime";

/** Lets a server listen; the port that was bound. Errors: Unavailable naming the port when it is taken. */
export function bindServer(server: Server, listen: Listen, purpose: string): Promise<number> {
  return listenOn(listen, purpose, (host, port) => {
    return new Promise<number>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port }, () => {
        server.removeListener("error", reject);
        resolve((server.address() as AddressInfo).port);
      });
    });
  });
}
