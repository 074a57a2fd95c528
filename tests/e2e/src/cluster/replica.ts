import { join } from "node:path";
import { freePort, spawnProcess, type TestProcess, waitFor, workspaceRoot } from "@flovyn/testing";

export type ServiceName = "gateway" | "dispatch" | "tasks" | "timers" | "promises";

const READY_TIMEOUT_MS = 120_000;

export interface ReplicaOptions {
  service: ServiceName;
  index: number;
  env: Record<string, string | undefined>;
}

/**
 * One `flovyn serve` process. It has the same ports at each start, so that its clients find it where it was; none of those
 * that the system gives to others while it is down.
 */
export class Replica {
  readonly name: string;
  readonly service: ServiceName;
  readonly #env: Record<string, string | undefined>;
  #process: TestProcess | undefined;
  /** Output of processes that ended. */
  readonly #earlier: string[] = [];
  #grpcPort = 0;
  #httpPort = 0;
  #opsPort = 0;

  constructor(options: ReplicaOptions) {
    this.name = `${options.service}-${options.index}`;
    this.service = options.service;
    this.#env = options.env;
  }

  /** Host and port of the gRPC door; of a gateway only. */
  get grpcAddress(): string {
    return `localhost:${this.#grpcPort}`;
  }

  /** Of health and metrics. */
  get opsUrl(): string {
    return `http://localhost:${this.#opsPort}`;
  }

  /** Of REST; of a gateway only. */
  get httpUrl(): string {
    return `http://localhost:${this.#httpPort}`;
  }

  /** Of the process that runs or ran last. */
  get pid(): number {
    return this.#process?.pid ?? -1;
  }

  get running(): boolean {
    return this.#process?.running ?? false;
  }

  /** Starts the process and waits until it says that it is ready. */
  async start(): Promise<void> {
    if (this.running) throw new Error(`${this.name} runs already`);
    if (this.#process) this.#earlier.push(...this.#process.lines, "--- ended, started again ---");
    if (this.#opsPort === 0) this.#opsPort = await freePort();
    if (this.#grpcPort === 0 && this.service === "gateway") {
      this.#httpPort = await freePort();
      this.#grpcPort = await freePort();
    }
    const started = spawnProcess({
      name: this.name,
      command: process.execPath,
      args: [join(workspaceRoot(), "bin", "flovyn"), "serve", this.service],
      env: { ...this.#env, ...this.#ports() },
    });
    this.#process = started;
    const options = { timeoutMs: READY_TIMEOUT_MS };
    const listens = this.service === "gateway" ? /"grpcPort":\d+,"httpPort":\d+/ : /health and metrics are served/;
    await started.waitForLine(listens, options);
    await waitFor(`${this.name} to be ready`, () => this.#isReady(), options);
  }

  /** Ends the process by a signal and waits for its end. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    await this.#process?.kill(signal);
  }

  /** SIGTERM, and an error when the process does not end well. */
  async stop(): Promise<void> {
    const exit = await this.#process?.stop();
    if (exit !== undefined && exit.signal !== "SIGKILL" && exit.code !== 0) {
      throw new Error(`${this.name} ended with code ${exit.code}, signal ${exit.signal} after SIGTERM`);
    }
  }

  /** The newest output, each line under the name of the process. */
  output(linesMax: number): string[] {
    const lines = [...this.#earlier, ...(this.#process?.lines ?? [])];
    return lines.slice(-linesMax).map((line) => `[${this.name}] ${line}`);
  }

  async #isReady(): Promise<boolean> {
    const response = await fetch(`${this.opsUrl}/_/health/ready`);
    return response.status === 200;
  }

  #ports(): Record<string, string> {
    return {
      OPS_PORT: String(this.#opsPort),
      ...(this.service === "gateway" && {
        SERVER_PORT: String(this.#httpPort),
        GRPC_SERVER_PORT: String(this.#grpcPort),
      }),
    };
  }
}
