import { type NatsServer, startNatsServer } from "@flovyn/testing";
import { afterAll, beforeAll } from "vitest";
import { createNatsBus } from "../src/index.js";
import { describeBusContract } from "./contract.js";
import { describeNatsFailures } from "./nats-failures.js";

let broker: NatsServer;

beforeAll(async () => {
  broker = await startNatsServer();
});
afterAll(() => broker.stop());

describeBusContract("the NATS bus", async () => ({
  open: ({ log, stats, ...given }) => {
    // Nothing dies here; a broker on a busy machine is silent for seconds.
    const limits = { silenceMs: 20_000, ...given };
    return createNatsBus({ url: broker.url, name: "contract", log, stats, limits });
  },
  close: async () => {},
}));

// In one file with the contract, because a broker named by NATS_URL is shared and test files run side by side.
describeNatsFailures(() => broker);
