import { resolve } from "node:path";
import { loadConfig } from "@flovyn/runtime";
import type { Command } from "commander";
import { withExamples } from "../command-line/examples.js";
import { reasonOf } from "../dev/reason.js";
import { findRunning } from "../dev/running.js";
import { print, printLines } from "../print.js";
import { configurationChecks } from "./doctor/configuration-checks.js";
import { developmentChecks } from "./doctor/development-checks.js";
import type { Check, Finding } from "./doctor/finding.js";

interface DoctorOptions {
  data?: string;
  config?: string;
}

/** `flovyn doctor`: looks at everything a server needs and says for each part ok, or what to do. */
export function addDoctor(program: Command): void {
  const command = program
    .command("doctor")
    .description("look at the development server that runs, or at what a configuration needs")
    .option("--data <dir>", "the development server with this data directory (.flovyn, where one runs)")
    .option("--config <file>", "what `serve` needs with this file and the environment (CONFIG_FILE)");
  withExamples(command, "doctor", "doctor --data .flovyn", "doctor --config flovyn.toml").action(examine);
}

async function examine(options: DoctorOptions): Promise<void> {
  const checks = chooseChecks(options);
  let problems = 0;
  for (const [name, check] of checks) {
    const finding = await check().catch((error: unknown): Finding => ({ problem: reasonOf(error) }));
    if ("problem" in finding) problems += 1;
    const [first = "", ...more] =
      "ok" in finding ? [`ok       ${name}: ${finding.ok}`] : `problem  ${name}: ${finding.problem}`.split("\n");
    printLines([first, ...more.map((line) => `         ${line.trim()}`)]);
  }
  print(problems === 0 ? "everything is in order" : `${problems} of ${checks.length} checks found a problem`);
  if (problems > 0) process.exitCode = 1;
}

/** Without options: what the environment configures, else the development server of this folder when one runs. */
function chooseChecks({ data, config }: DoctorOptions): Check[] {
  const named = config ?? process.env.CONFIG_FILE ?? process.env.DATABASE_URL;
  if (data !== undefined && config === undefined) return developmentChecks(resolve(data));
  if (named === undefined && findRunning(resolve(".flovyn")) !== undefined)
    return developmentChecks(resolve(".flovyn"));
  return configurationChecks(loadConfig({ configFile: config }));
}
