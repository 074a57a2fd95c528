import type { NatsServer } from "./nats-server.js";

const NATS_PORT = 4222;

/** Runs NATS in a container, on a fixed port of this machine so that a restart keeps it. */
export async function startContainer(image: string, port: number): Promise<NatsServer> {
  const { GenericContainer, Wait } = await import("testcontainers");
  const launch = () =>
    new GenericContainer(image)
      .withExposedPorts({ container: NATS_PORT, host: port })
      .withWaitStrategy(Wait.forLogMessage("Server is ready"))
      .start();
  let container = await launch();
  let running = true;
  const stop = async (timeout: number) => {
    if (!running) return;
    running = false;
    await container.stop({ timeout });
  };
  const start = async () => {
    if (running) return;
    container = await launch();
    running = true;
  };
  return {
    url: `nats://${container.getHost()}:${port}`,
    port,
    pid: undefined,
    how: "container",
    stop: () => stop(5_000),
    start,
    restart: async () => {
      await stop(0);
      await start();
    },
  };
}
