import { parseArgs } from "node:util";
import { demos, listDemos } from "../demos/catalogue.js";
import type { Demo } from "../demos/demo.js";
import { findTarget } from "../dev/target.js";
import { printLines } from "../print.js";
import { UsageError } from "../usage.js";

/** `flovyn demo <name>`: runs an example against a development server on this machine. Without a name it lists them. */
export async function demo(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      data: { type: "string", default: ".flovyn" },
      "http-port": { type: "string", default: "8000" },
      "grpc-port": { type: "string", default: "9090" },
      json: { type: "boolean", default: false },
      timeout: { type: "boolean", default: false },
      fail: { type: "string" },
    },
  });
  const [name, ...words] = positionals;
  if (name === undefined) {
    printLines(listDemos());
    return;
  }
  const { data: dataDir, json, timeout, fail } = values;
  const wanted = findDemo(name, words);
  if (timeout) checkOption(wanted, "timeout");
  if (fail !== undefined) checkOption(wanted, "fail");
  const target = findTarget({ data: dataDir, httpPort: values["http-port"], grpcPort: values["grpc-port"] });
  await wanted.run({ target, dataDir, json, timeout, fail, words });
}

function findDemo(name: string, words: readonly string[]): Demo {
  const found = demos.find((one) => one.name === name);
  if (found === undefined) throw new UsageError(`there is no demo ${name}\n\n${listDemos().join("\n")}`);
  if (words.length !== found.words)
    throw new UsageError(`it is called as: demo ${found.name} ${found.usage}`.trimEnd());
  return found;
}

function checkOption({ name, options }: Demo, option: Demo["options"][number]): void {
  if (!options.includes(option)) throw new UsageError(`demo ${name} takes no --${option}`);
}
