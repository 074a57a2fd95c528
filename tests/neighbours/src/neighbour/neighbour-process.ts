import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { workspaceRoot } from "@flovyn/testing";
import type { NeighbourJob, NeighbourQuestion, Observation } from "./neighbour-job.js";

/** Longer than a workflow is waited for. */
const answerMs = 200_000;

/** The neighbour at work, until it is stopped. */
export class NeighbourProcess {
  readonly #child: ChildProcess;

  constructor(job: NeighbourJob) {
    this.#child = fork(join(workspaceRoot(), "tests", "neighbours", "dist", "neighbour", "neighbour-main.js"));
    this.#child.setMaxListeners(0);
    this.#child.send(job);
  }

  /** What it started in a stretch of time. Errors: Error when its process ends, or does not answer. */
  observe(sinceMs: number, untilMs: number): Promise<Observation> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        clearTimeout(timer);
        this.#child.off("message", onAnswer).off("exit", onExit);
        end();
      };
      const onAnswer = (observation: Observation) => settle(() => resolve(observation));
      const onExit = () => settle(() => reject(new Error("the neighbour's process ended")));
      const timer = setTimeout(() => settle(() => reject(new Error("the neighbour does not answer"))), answerMs);
      this.#child.on("message", onAnswer).on("exit", onExit);
      this.#child.send({ sinceMs, untilMs } satisfies NeighbourQuestion);
    });
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }
}
