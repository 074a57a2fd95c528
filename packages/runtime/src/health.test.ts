// Goal: a probe is told the truth within 5 s, whatever the checks do, and cannot pile up work by asking often.
import { request } from "node:http";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createHealth } from "./health.js";
import { createMetrics } from "./metrics.js";
import { createOpsRoutes, metricsPaths, probePaths } from "./ops-routes.js";
import { startOpsServer } from "./ops-server.js";

function ops() {
  const health = createHealth();
  const metrics = createMetrics({ service: "test", processMetrics: false });
  const app = createOpsRoutes({ health, metrics, version: "1.2.3" });
  const get = async (path: string) => {
    const response = await app.request(path);
    return { status: response.status, body: (await response.json()) as unknown };
  };
  return { health, metrics, app, get };
}

afterEach(() => {
  vi.useRealTimers();
});

describe("health", () => {
  it("is alive from the beginning, up when everything is started", async () => {
    const { health, get } = ops();
    for (const path of ["/live", "/_/health/live"]) expect((await get(path)).status).toBe(200);
    for (const path of ["/_/health", "/ready", "/_/health/ready", "/_/health/startup"]) {
      expect(await get(path)).toMatchObject({ status: 503, body: { status: "STARTING" } });
    }
    health.markStarted();
    expect(await get("/_/health")).toEqual({ status: 200, body: { status: "UP", version: "1.2.3" } });
    for (const path of ["/ready", "/_/health/ready", "/_/health/startup"]) {
      expect(await get(path)).toEqual({ status: 200, body: { status: "UP", checks: [] } });
    }
  });

  it("is not ready while a check fails, and says which one without its error", async () => {
    const { health, get } = ops();
    health.add("bus", async () => undefined);
    health.add("database", () => Promise.reject(new Error("postgres://user:password@db")));
    health.add("schema", async () => "is being migrated");
    health.markStarted();
    expect(await get("/ready")).toEqual({
      status: 503,
      body: {
        status: "DOWN",
        checks: [
          { name: "bus", ok: true },
          { name: "database", ok: false, reason: "failed" },
          { name: "schema", ok: false, reason: "is being migrated" },
        ],
      },
    });
    expect((await get("/_/health")).status).toBe(200);
    health.add("database", async () => undefined);
    health.add("schema", async () => undefined);
    expect((await get("/ready")).status).toBe(200);
  });

  it("is not ready any more once it stops, and still alive", async () => {
    const { health, get } = ops();
    health.markStarted();
    health.markStopping();
    expect(await get("/ready")).toEqual({ status: 503, body: { status: "STOPPING", checks: [] } });
    expect((await get("/live")).status).toBe(200);
    expect((await get("/_/health")).status).toBe(200);
  });

  it("waits 5 s for a check and does not start one again that still runs", async () => {
    vi.useFakeTimers();
    const health = createHealth();
    let answer: (reason: undefined) => void = () => {};
    const check = vi.fn(
      () =>
        new Promise<undefined>((resolve) => {
          answer = resolve;
        }),
    );
    health.add("database", check);
    for (let probe = 0; probe < 3; probe++) {
      const result = health.run();
      await vi.advanceTimersByTimeAsync(5_000);
      expect(await result).toEqual([{ name: "database", ok: false, reason: "no answer within 5 s" }]);
    }
    expect(check).toHaveBeenCalledTimes(1);
    answer(undefined);
    await vi.advanceTimersByTimeAsync(0);
    const result = health.run();
    answer(undefined);
    expect(await result).toEqual([{ name: "database", ok: true }]);
    expect(check).toHaveBeenCalledTimes(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("shares one run among the probes of a moment", async () => {
    const { health, get } = ops();
    const check = vi.fn(async () => undefined);
    health.add("database", check);
    health.markStarted();
    await Promise.all([get("/ready"), get("/ready"), get("/_/health/ready")]);
    expect(check.mock.calls.length).toBeLessThanOrEqual(2);
  });
});

describe("ops server", () => {
  it("serves health and metrics on both families of addresses, and stops although clients keep connections alive", async () => {
    const { health, metrics } = ops();
    health.markStarted();
    metrics.workflowStarted({ orgId: "an org", kind: "order", queue: "default" });
    const server = await startOpsServer({ port: 0, address: "::", health, metrics, version: "1.2.3" });
    const response = await fetch(`http://127.0.0.1:${server.port}/metrics`);
    expect(response.headers.get("content-type")).toContain("text/plain");
    expect(await response.text()).toContain("flovyn_workflows_started_total");
    expect((await fetch(`http://127.0.0.1:${server.port}/_/metrics`)).status).toBe(200);
    expect((await fetch(`http://localhost:${server.port}/_/health`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${server.port}/elsewhere`)).status).toBe(404);
    await Promise.all([server.stop(), server.stop()]);
    await expect(fetch(`http://127.0.0.1:${server.port}/live`)).rejects.toThrow();
  });

  it("says which port is taken and what to do", async () => {
    const options = { address: "127.0.0.1", ...ops(), version: "1.2.3" };
    const first = await startOpsServer({ ...options, port: 0 });
    await expect(startOpsServer({ ...options, port: first.port })).rejects.toMatchObject({
      code: "Unavailable",
      message: `port ${first.port} (health and metrics) is in use by another process: stop it, or choose another port`,
    });
    await first.stop();
  });

  it("on this machine alone, refuses the page of another host that has a browser here ask", async () => {
    const { health, metrics } = ops();
    const server = await startOpsServer({ port: 0, address: "localhost", health, metrics, version: "1.2.3" });
    const statusFor = (host: string, path: string) =>
      new Promise((resolve, reject) => {
        const sent = request(
          { host: "127.0.0.1", port: server.port, path, headers: { host }, agent: false },
          (answer) => {
            answer.resume();
            resolve(answer.statusCode);
          },
        );
        sent.on("error", reject);
        sent.end();
      });
    for (const path of [...Object.values(probePaths).flat(), ...metricsPaths]) {
      for (const host of ["evil.example", `evil.example:${server.port}`, "127.0.0.1.evil.example", "192.0.2.1"]) {
        expect([path, host, await statusFor(host, path)]).toEqual([path, host, 403]);
      }
      for (const host of [`localhost:${server.port}`, "127.0.0.1", "[::1]:1"]) {
        expect([path, host, await statusFor(host, path)]).not.toEqual([path, host, 403]);
      }
    }
    await server.stop();
  });
});
