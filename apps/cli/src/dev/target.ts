import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { UsageError } from "../command-line/errors.js";
import { devCredentials } from "./credentials.js";
import { findRunning } from "./running.js";

/** The server that a demo talks to. */
export interface DemoTarget {
  serverUrl: string;
  httpUrl: string;
  orgId: string;
  orgSlug: string;
  apiKey: string;
  workerToken: string;
  operatorKey: string;
}

export interface TargetOptions {
  /** Data directory of a development server on this machine. */
  data: string;
  grpcPort?: string;
  httpPort?: string;
}

/** The options by which a command finds a development server. */
export function addTargetOptions(command: Command): Command {
  return command
    .option("--data <dir>", "data directory of the development server", ".flovyn")
    .option("--http-port <n>", "its HTTP port (that on which it runs, else 8000)")
    .option("--grpc-port <n>", "its gRPC port (that on which it runs, else 9090)");
}

/** A development server on this machine, by its data directory. Errors: UsageError when there is none. */
export function findTarget({ data, grpcPort, httpPort }: TargetOptions): DemoTarget {
  const dataDir = resolve(data);
  if (!existsSync(join(dataDir, "credentials.json"))) {
    throw new UsageError(
      `--data: there is no development server with its data in ${dataDir}: start one with \`npm start\``,
    );
  }
  const running = findRunning(dataDir);
  return {
    ...devCredentials(dataDir),
    serverUrl:
      grpcPort === undefined ? (running?.serverUrl ?? "http://localhost:9090") : `http://localhost:${grpcPort}`,
    httpUrl: httpPort === undefined ? (running?.httpUrl ?? "http://localhost:8000") : `http://localhost:${httpPort}`,
  };
}
