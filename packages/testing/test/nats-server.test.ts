import { connect } from "node:net";
import { expect, test } from "vitest";
import { startNatsServer } from "../src/nats/nats-server.js";

/** Resolves with the first line a NATS server sends, which is its INFO. */
function greeting(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.once("data", (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once("error", reject);
  });
}

test("starts, restarts on the same port and stops", async ({ skip }) => {
  const nats = await startNatsServer();
  const { restart, start } = nats;
  if (!restart || !start) return skip("NATS_URL names a server that the tests may not restart");
  try {
    expect(await greeting(nats.url)).toMatch(/^INFO/);
    const before = nats.pid;
    await restart();
    expect(await greeting(nats.url)).toMatch(/^INFO/);
    if (before !== undefined) expect(nats.pid).not.toBe(before);
    await nats.stop();
    await expect(greeting(nats.url)).rejects.toThrow(/ECONNREFUSED/);
    await start();
    expect(await greeting(nats.url)).toMatch(/^INFO/);
  } finally {
    await nats.stop();
  }
});
