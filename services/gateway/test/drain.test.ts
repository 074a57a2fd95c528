import { once } from "node:events";
import { connect } from "node:http2";
import { waitFor } from "@flovyn/testing";
import { Client, credentials } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { callRaw, GatewayHarness, org, testConfig } from "./gateway-harness.js";

const path = "flovyn.v1.TaskExecution/GetState";
const running: GatewayHarness[] = [];

async function startGateway(config = testConfig()): Promise<GatewayHarness> {
  const harness = await GatewayHarness.start(config);
  running.push(harness);
  harness.services.answer(path, Buffer.from("answer"));
  return harness;
}

afterEach(async () => {
  for (const harness of running.splice(0)) await harness.stop();
});

describe("going away", () => {
  it("lets the calls that run finish, and becomes unready first", async () => {
    const harness = await startGateway();
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    harness.services.answer(path, async () => {
      await finished;
      return Buffer.from("late answer");
    });
    const call = callRaw(harness.client(), path, new Uint8Array());
    await waitFor("the call to arrive", () => harness.services.of(path)[0]);
    const stopped = harness.gateway.stop();
    expect(harness.health.stopping()).toBe(true);
    finish();
    expect((await call).answer?.toString()).toBe("late answer");
    await stopped;
  });

  it("loses no call while another gateway is there, in the middle of traffic", async () => {
    const [first, second] = [await startGateway(), await startGateway()];
    const addresses = [first, second].map(({ gateway }) => `127.0.0.1:${gateway.ports.grpc}`);
    const config = JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] });
    const client = new Client(`ipv4:${addresses.join(",")}`, credentials.createInsecure(), {
      "grpc.service_config": config,
      "grpc.use_local_subchannel_pool": 1,
    });
    let ended = 0;
    let stop = false;
    const failures: unknown[] = [];
    const loop = async () => {
      while (!stop) {
        const { error } = await callRaw(client, path, new Uint8Array());
        if (error !== undefined) failures.push(error);
        ended += 1;
      }
    };
    const loops = Array.from({ length: 20 }, loop);
    await waitFor("traffic on both", () => first.services.of(path).length > 50 && second.services.of(path).length > 50);
    await first.gateway.stop();
    const then = ended;
    await waitFor("traffic to go on", () => ended > then + 200);
    stop = true;
    await Promise.all(loops);
    client.close();
    expect(failures).toEqual([]);
  });

  it("may be stopped twice, and before it started", async () => {
    const harness = await startGateway();
    await Promise.all([harness.gateway.stop(), harness.gateway.stop()]);
    const unstarted = new GatewayHarness();
    await unstarted.gateway.stop();
  });
});

describe("connections", () => {
  it("are not cut off for frequent PINGs without calls", async () => {
    const harness = await startGateway();
    const session = connect(`http://127.0.0.1:${harness.gateway.ports.grpc}`);
    await once(session, "connect");
    let goaway = false;
    session.on("goaway", () => {
      goaway = true;
    });
    for (let index = 0; index < 300; index++) {
      await new Promise<void>((resolve, reject) => {
        session.ping((error) => (error === null ? resolve() : reject(error)));
      });
    }
    expect([goaway, session.closed]).toEqual([false, false]);
    session.close();
  });
});

describe("an open gateway", () => {
  it("lets everybody in as the one org, whatever key they send", async () => {
    const harness = await startGateway(testConfig({ orgs: [org], auth: { enabled: false } }));
    for (const key of ["", "fct_placeholder-1"]) {
      expect((await callRaw(harness.client(), path, new Uint8Array(), { key })).error).toBeUndefined();
    }
    expect(harness.services.of(path).map(({ caller }) => caller.orgId)).toEqual([org.id, org.id]);
  });

  it("is refused with more than one org", () => {
    expect(() => testConfig({ auth: { enabled: false } })).toThrow("exactly one org, there are 2");
  });
});
