import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import type { Account } from "./account.js";

/**
 * Ends the child when this process ends, however it ends. A shell reads from a pipe that nobody writes to and whose other end only this process holds; a kill -9
 * closes it too, and the shell then asks the child for a fast shutdown. The child itself holds nothing open here: a process that is
 * done exits without stop().
 */
export function guardAgainstOrphaning(child: ChildProcess, account: Account | undefined): void {
  const guard = spawn("/bin/sh", ["-c", `read _; kill -INT ${child.pid}`], {
    ...account,
    cwd: "/",
    env: {},
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  // Without a guard the next start takes over what is left behind.
  guard.on("error", () => undefined);
  guard.stdin.on("error", () => undefined);
  // The guard goes first: a moment later the id could be another process'.
  child.once("exit", () => guard.kill("SIGKILL"));
  guard.unref();
  child.unref();
  for (const stream of [guard.stdin, child.stderr]) if (stream instanceof Socket) stream.unref();
}
