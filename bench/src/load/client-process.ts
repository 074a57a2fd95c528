import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Job, type JobResult, jobTimeoutMs, type Reply } from "./job.js";

/** The job's own limit comes first and says more. */
const replyTimeoutMs = jobTimeoutMs + 10_000;

/** A process that generates load. It keeps its warm code from job to job. */
export class ClientProcess {
  readonly pid: number;
  readonly #child: ChildProcess;

  constructor() {
    this.#child = fork(fileURLToPath(new URL("./client-main.js", import.meta.url)));
    this.pid = this.#child.pid ?? -1;
  }

  /** One job at a time. Rejects when the job fails or the process ends. */
  run(job: Job): Promise<JobResult> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        clearTimeout(timer);
        this.#child.off("message", onReply).off("exit", onExit);
        end();
      };
      const onReply = (reply: Reply) =>
        settle(() => (reply.ok ? resolve(reply.result) : reject(new Error(`the load failed: ${reply.error}`))));
      const onExit = () => settle(() => reject(new Error("the load process ended")));
      const timer = setTimeout(() => settle(() => reject(new Error("the load process is stuck"))), replyTimeoutMs);
      this.#child.on("message", onReply).on("exit", onExit);
      this.#child.send(job);
    });
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}
