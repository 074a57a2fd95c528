import { setTimeout as pause } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { CallError } from "./grpc-connection.js";

const RETRY_FOR_MS = 45_000;
const PAUSE_MS = 50;

/** Runs a call until it is answered, as clients do that survive a restart. Only what a retry may heal is tried again. */
export type Retry = <Answer>(call: () => Promise<Answer>) => Promise<Answer>;

/** Retries UNAVAILABLE and the timeouts of a server that vanished; every failed try is told to `failed`. */
export function createRetry(failed: (error: CallError) => void = () => undefined): Retry {
  return async (call) => {
    const deadline = performance.now() + RETRY_FOR_MS;
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof CallError)) throw error;
        failed(error);
        if (!isTransient(error) || performance.now() >= deadline) throw error;
        await pause(PAUSE_MS);
      }
    }
  };
}

function isTransient({ code }: CallError): boolean {
  return code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED;
}
