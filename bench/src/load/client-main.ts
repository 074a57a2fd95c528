import { once } from "node:events";
import { runReferenceLoad } from "../reference/reference-load.js";
import type { AnyResult, Job, Order, Reply } from "./job.js";
import { runTaskLoad } from "./unary/task-load.js";
import { runTimerLoad } from "./unary/timer-load.js";
import { runWakeLoad } from "./unary/wake-load.js";

// A process of its own, so that the CPU time of clients is counted apart from that of the server.
// grpc-js makes an Error for every call; the stacks nobody reads cost more than the rest of the call.
Error.stackTraceLimit = 0;

process.on("message", (order: Order) => {
  if (order.type !== "run") return;
  run(order.job).then(
    (result) => answer({ type: "done", result }),
    (error: unknown) => answer({ type: "failed", error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on("disconnect", () => process.exit());

async function run(job: Job): Promise<AnyResult> {
  switch (job.type) {
    case "reference":
      return runReferenceLoad(job);
    case "timers":
      return runTimerLoad(job, untilGo);
    case "wakes":
      return runWakeLoad(job, untilGo);
    case "tasks": {
      if (job.client === "unary") return runTaskLoad(job);
      const { runSdkLoad } = await import("./sdk-load.js");
      return runSdkLoad(job);
    }
  }
}

/** Says that what comes next is what is measured, and waits until it may begin. */
async function untilGo(): Promise<void> {
  const go = once(process, "message");
  answer({ type: "ready" });
  await go;
}

function answer(reply: Reply): void {
  process.send?.(reply);
}
