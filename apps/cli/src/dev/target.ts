import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { UsageError } from "../usage.js";
import { devCredentials } from "./credentials.js";

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
  grpcPort: string;
  httpPort: string;
}

/** A development server on this machine, by its data directory. Errors: UsageError when there is none. */
export function findTarget({ data, grpcPort, httpPort }: TargetOptions): DemoTarget {
  const dataDir = resolve(data);
  if (!existsSync(join(dataDir, "credentials.json"))) {
    throw new UsageError(`there is no development server with its data in ${dataDir}: start one with \`npm start\``);
  }
  return {
    ...devCredentials(dataDir),
    serverUrl: `http://localhost:${grpcPort}`,
    httpUrl: `http://localhost:${httpPort}`,
  };
}
