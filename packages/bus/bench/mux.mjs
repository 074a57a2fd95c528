// Compares the bus with nc.request() of the NATS client: same broker, same payload, same number of requests under way,
// one asking and one answering process, rounds in turn. Prints one JSON line.
// Run: node packages/bus/bench/mux.mjs [requests under way, 256]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createNatsBus } from "@flovyn/bus";
import { startNatsServer } from "@flovyn/testing";
import { connect } from "nats";

const underWay = Number(process.argv[2] ?? 256);
const rounds = 5;
const roundMs = 1_500;
const payload = Buffer.alloc(200, 7);

const broker = await startNatsServer();
const script = fileURLToPath(new URL("responder.mjs", import.meta.url));
const responder = spawn(process.execPath, [script, broker.url], { stdio: ["ignore", "pipe", "inherit"] });
await once(responder.stdout, "data");

const quiet = () => {};
const bus = await createNatsBus({
  url: broker.url,
  name: "bench",
  log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
});
const plain = await connect({ servers: new URL(broker.url).host });
const request = {
  service: "tasks",
  operation: "flovyn.v1.TaskExecution/CompleteTask",
  payload,
  timeoutMs: 10_000,
  caller: { orgId: "0190a5c0-0000-7000-8000-000000000001", principalType: "Worker", principalId: "worker-1" },
  requestId: "0190a5c0-0000-7000-8000-000000000002",
  traceparent: "",
};
const ways = {
  mux: () => bus.request(request),
  ncRequest: () => plain.request("plain", payload, { timeout: 10_000 }),
};

const rates = { mux: [], ncRequest: [] };
for (let round = -1; round < rounds; round += 1) {
  for (const way of Object.keys(ways)) {
    const rate = await measure(ways[way]);
    if (round >= 0) rates[way].push(rate); // the first round warms up
  }
}
const [mux, ncRequest] = [median(rates.mux), median(rates.ncRequest)];
const ratio = Number((mux / ncRequest).toFixed(2));
process.stdout.write(`${JSON.stringify({ underWay, perSecond: { mux, ncRequest }, ratio })}\n`);

responder.kill();
await bus.drain();
await plain.close();
await broker.stop();

async function measure(ask) {
  const startedAt = performance.now();
  let answered = 0;
  const worker = async () => {
    while (performance.now() - startedAt < roundMs) {
      await ask();
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: underWay }, worker));
  return Math.round((answered * 1_000) / (performance.now() - startedAt));
}

function median(values) {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)];
}
