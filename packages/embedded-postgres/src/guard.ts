import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";

/**
 * Signals the child when this process ends, however it ends. A shell reads from a pipe that nobody writes to and whose other end
 * only this process holds: even a kill -9 closes it, and the shell then signals the child.
 */
export function guardAgainstOrphaning(
  child: ChildProcess,
  options: { signal: "INT" | "TERM" | "KILL"; uid?: number; gid?: number },
): void {
  if (child.pid === undefined || process.platform === "win32") return;
  const { signal, ...account } = options;
  const guard = spawn("/bin/sh", ["-c", `read _; kill -${signal} ${child.pid}`], {
    ...account,
    cwd: "/",
    env: {},
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  // Without a guard the child is merely left behind, which whoever starts it next has to cope with anyway.
  guard.on("error", () => undefined);
  guard.stdin.on("error", () => undefined);
  // The guard goes first: a moment later the id could be another process'.
  child.once("exit", () => guard.kill("SIGKILL"));
  guard.unref();
  if (guard.stdin instanceof Socket) guard.stdin.unref();
}
