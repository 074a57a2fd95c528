import { expireTask, isTaskTerminal } from "@flovyn/domain";
import { TaskAbortedError } from "../../errors.js";
import type { TaskEntry, World } from "./world.js";

/** Sees to it that a task fails when its deadline passes. */
export function watchTask(world: World, entry: TaskEntry): void {
  const { deadlineAtMs } = entry.task;
  if (deadlineAtMs === null) return;
  world.due.add({
    atMs: deadlineAtMs,
    isOpen: () => !isTaskTerminal(entry.task.status),
    fire: () => {
      world.changeTask(entry, expireTask(entry.task, world.nowMs));
      entry.attempt?.abort(new TaskAbortedError("timeout", "the deadline of the task has passed"));
    },
  });
}

/** Lets time come to the next attempt of a task that waits for it. */
export function watchRetry(world: World, entry: TaskEntry): void {
  const { availableAtMs } = entry.task;
  if (entry.task.status !== "PENDING" || availableAtMs <= world.nowMs) return;
  const isOpen = () => entry.task.status === "PENDING" && entry.task.availableAtMs === availableAtMs;
  world.due.add({ atMs: availableAtMs, isOpen, fire() {} });
}
