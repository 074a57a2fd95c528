/** Goal: `localhost` is both loopback addresses and no other, for as long as the server listens. */
import { createServer as createHttpServer } from "node:http";
import { connect, createServer, type Server, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { afterEach, describe, expect, it } from "vitest";
import { BoundServer } from "./bound-server.js";

const open: BoundServer[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((bound) => bound.close()));
});

async function listen(server: Server, address: string, port = 0): Promise<BoundServer> {
  const bound = await BoundServer.listen(server, { address, port }, "tests");
  open.push(bound);
  return bound;
}

const echo = () => createServer((socket: Socket) => socket.pipe(socket));

/** What comes back of a text that is sent there, or the code of the refusal. */
function ask(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    let received = "";
    const socket = connect({ host, port }, () => socket.end("hello"));
    socket.on("data", (data) => {
      received += data.toString();
    });
    socket.on("error", (error) => resolve((error as NodeJS.ErrnoException).code ?? "error"));
    socket.on("close", () => resolve(received));
  });
}

const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
const hasIpv6 = own.some(({ address }) => address === "::1");
const elsewhere = own.filter(({ internal, scopeid }) => !internal && !scopeid).map(({ address }) => address);

describe("a server at localhost", () => {
  it("answers at both loopback addresses, and at no other", async () => {
    const { port } = await listen(echo(), "localhost");
    expect(await ask("127.0.0.1", port)).toBe("hello");
    if (hasIpv6) expect(await ask("::1", port)).toBe("hello");
    // Loopback as well, but not the one that is bound: a socket of all addresses would answer there.
    for (const address of ["127.0.0.2", ...elsewhere])
      expect([address, await ask(address, port)]).not.toContain("hello");
  });

  it("serves HTTP at both, and closes both", async () => {
    const server = createHttpServer((_request, response) => response.end("hello"));
    const bound = await listen(server, "localhost");
    const urls = ["127.0.0.1", ...(hasIpv6 ? ["[::1]"] : [])].map((host) => `http://${host}:${bound.port}`);
    for (const url of urls) expect(await (await fetch(url)).text()).toBe("hello");
    const closed = bound.close();
    server.closeIdleConnections();
    await closed;
    for (const url of urls) await expect(fetch(url)).rejects.toThrow();
  });

  it.runIf(hasIpv6).each(["127.0.0.1", "::1"])("says which port is taken at %s, and keeps none", async (address) => {
    const { port } = await listen(echo(), address);
    const server = echo();
    await expect(listen(server, "localhost", port)).rejects.toMatchObject({
      code: "Unavailable",
      message: `port ${port} (tests) is in use by another process: stop it, or choose another port`,
    });
    expect(server.listening).toBe(false);
  });
});

describe("a server at every address", () => {
  it("answers at each of them", async () => {
    const { port } = await listen(echo(), "::");
    for (const address of ["127.0.0.1", ...elsewhere]) expect(await ask(address, port)).toBe("hello");
  });
});
