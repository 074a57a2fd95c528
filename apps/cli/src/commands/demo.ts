import { parseArgs } from "node:util";
import { startDemoWorker } from "../dev/demo-worker.js";
import { runIndexDemo } from "../dev/index-demo.js";
import { type DemoTarget, findTarget } from "../dev/target.js";
import { print } from "../print.js";
import { UsageError } from "../usage.js";

/** `flovyn demo orders` and `flovyn demo index <folder>`, against a development server on this machine. */
export async function demo(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      data: { type: "string", default: ".flovyn" },
      "http-port": { type: "string", default: "8000" },
      "grpc-port": { type: "string", default: "9090" },
      json: { type: "boolean", default: false },
    },
  });
  const [name, folder, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError(`demo: ${rest.join(" ")} is too much`);
  const target = findTarget({ data: values.data, httpPort: values["http-port"], grpcPort: values["grpc-port"] });
  if (name === "orders" && folder === undefined) {
    await orders(target);
  } else if (name === "index" && folder !== undefined) {
    await runIndexDemo({ target, folder, dataDir: values.data, json: values.json });
  } else {
    throw new UsageError("demo takes `orders` or `index <folder>`");
  }
}

async function orders(target: DemoTarget): Promise<void> {
  const worker = await startDemoWorker(target);
  try {
    print(JSON.stringify(await worker.runOrder(), null, 2));
  } finally {
    await worker.stop();
  }
}
