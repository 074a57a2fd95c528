import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface EchoProcess {
  door: string;
  pid: number;
  stop(): void;
}

/** Starts the empty server in a process of its own. */
export async function startEchoProcess(): Promise<EchoProcess> {
  const child = fork(fileURLToPath(new URL("./echo-server.js", import.meta.url)));
  const ended = once(child, "exit").then(() => {
    throw new Error("the reference server ended");
  });
  const [{ port }] = (await Promise.race([once(child, "message"), ended])) as [{ port: number }];
  ended.catch(() => {});
  return { door: `127.0.0.1:${port}`, pid: child.pid ?? -1, stop: () => child.disconnect() };
}
