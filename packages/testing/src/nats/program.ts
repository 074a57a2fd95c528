import { spawnProcess, type TestProcess } from "../test-process.js";
import type { NatsServer } from "./nats-server.js";

/** Runs a nats-server program on 127.0.0.1. */
export async function startProgram(
  source: { how: "path" | "debian-package"; program: string },
  port: number,
): Promise<NatsServer> {
  let server = await launch(source.program, port);
  const start = async () => {
    if (!server.running) server = await launch(source.program, port);
  };
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    how: source.how,
    get pid() {
      return server.pid;
    },
    stop: async () => {
      await server.stop();
    },
    start,
    restart: async () => {
      await server.kill();
      await start();
    },
  };
}

async function launch(program: string, port: number): Promise<TestProcess> {
  const server = spawnProcess({ name: "nats-server", command: program, args: ["-a", "127.0.0.1", "-p", String(port)] });
  await server.waitForLine(/Server is ready/);
  return server;
}
