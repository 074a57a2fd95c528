import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Job, JobResults, Order, Reply } from "./job.js";
import { jobTimeoutMs } from "./job-timeout.js";

/** The job's own limit comes first and says more. */
const replyGraceMs = 10_000;

/** A process that generates load. It keeps its warm code from job to job. */
export class ClientProcess {
  readonly pid: number;
  readonly #child: ChildProcess;

  constructor() {
    this.#child = fork(fileURLToPath(new URL("./client-main.js", import.meta.url)));
    this.pid = this.#child.pid ?? -1;
  }

  /**
   * One job at a time. Rejects when the job fails or takes too long, or the process ends. A job that prepares something
   * goes on when `onReady` is done.
   */
  run<Type extends Job["type"]>(
    job: Extract<Job, { type: Type }>,
    onReady: () => Promise<void> = async () => {},
  ): Promise<JobResults[Type]> {
    return new Promise((resolve, reject) => {
      const timeoutMs = jobTimeoutMs(job) + replyGraceMs;
      const settle = (end: () => void) => {
        clearTimeout(timer);
        this.#child.off("message", onReply).off("exit", onExit);
        end();
      };
      const fail = (error: Error) => settle(() => reject(error));
      const onReply = (reply: Reply) => {
        if (reply.type === "ready") onReady().then(() => this.#send({ type: "go" }), fail);
        else if (reply.type === "failed") fail(new Error(`the load failed: ${reply.error}`));
        else settle(() => resolve(reply.result as JobResults[Type]));
      };
      const onExit = () => fail(new Error("the load process ended"));
      const timer = setTimeout(() => fail(new Error(`the load process is stuck: ${job.type}`)), timeoutMs);
      this.#child.on("message", onReply).on("exit", onExit);
      this.#send({ type: "run", job });
    });
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  #send(order: Order): void {
    this.#child.send(order);
  }
}
