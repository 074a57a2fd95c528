import { resolve } from "node:path";
import type { Command } from "commander";
import { UsageError } from "../command-line/errors.js";
import { withExamples } from "../command-line/examples.js";
import { demos } from "../demos/catalogue.js";
import type { Demo } from "../demos/demo.js";
import { addTargetOptions, findTarget } from "../dev/target.js";

interface DemoOptions {
  data: string;
  httpPort?: string;
  grpcPort?: string;
  json?: boolean;
  fail?: string;
  timeout?: boolean;
}

/** `flovyn demo <name>`: runs an example against a development server on this machine. Without a name it lists them. */
export function addDemo(program: Command): void {
  const group = program.command("demo").description("list the examples, or run one against the server of `npm start`");
  withExamples(group, "demo", "demo orders", "demo saga --fail hotel");
  for (const demo of demos) addOne(group, demo);
}

function addOne(group: Command, demo: Demo): void {
  const { name, summary, options = [], word, examples = [] } = demo;
  const command = group.command(name).description(summary);
  if (word !== undefined) command.argument(...word);
  addTargetOptions(command).option("--json", "the result as one line of JSON, the rest on standard error");
  for (const [flags, description] of options) command.option(flags, description);
  const call = word === undefined ? `demo ${name}` : `demo ${name} docs`;
  withExamples(command, call, ...examples, `${call} --json`);
  if (word === undefined) command.action((given: DemoOptions) => runDemo(demo, "", given));
  else command.action((text: string, given: DemoOptions) => runDemo(demo, text, given));
}

async function runDemo(demo: Demo, word: string, options: DemoOptions): Promise<void> {
  const { run } = await demo.load().catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new UsageError(
      "demo: the examples are not part of this installation: run it in a checkout of the repository",
    );
  });
  const { data, json = false, timeout = false, fail } = options;
  await run({ target: findTarget(options), dataDir: resolve(data), json, timeout, fail, word });
}
