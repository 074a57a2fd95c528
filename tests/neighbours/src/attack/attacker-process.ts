import { fork } from "node:child_process";
import { join } from "node:path";
import { workspaceRoot } from "@flovyn/testing";
import type { AttackJob } from "./attacker-main.js";
import type { AttackResult } from "./run-attack.js";

/** An attack that is slow takes longer than its time, and large bodies are in the way of its end. */
const graceMs = 120_000;

/** Attacks from a process of its own. Errors: Error when that ends without a result, or does not end. */
export async function attackFromProcess(job: AttackJob): Promise<AttackResult> {
  const program = join(workspaceRoot(), "tests", "neighbours", "dist", "attack", "attacker-main.js");
  const child = fork(program, { execArgv: [] });
  const timer = setTimeout(() => child.kill("SIGKILL"), job.ms + graceMs);
  try {
    return await new Promise<AttackResult>((resolve, reject) => {
      child.once("message", ({ result }: { result: AttackResult }) => resolve(result));
      child.once("error", reject);
      child.once("exit", (code, signal) => reject(new Error(`the attacker ended with ${code ?? signal}`)));
      child.send(job);
    });
  } finally {
    clearTimeout(timer);
    child.kill("SIGKILL");
  }
}
