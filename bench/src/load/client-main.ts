import { runReferenceLoad } from "../reference/reference-load.js";
import type { AnyResult, Job, Reply } from "./job.js";
import { runTaskLoad } from "./unary/task-load.js";

// A process of its own, so that the CPU time of clients is counted apart from that of the server.
// grpc-js makes an Error for every call; the stacks nobody reads cost more than the rest of the call.
Error.stackTraceLimit = 0;

process.on("message", (job: Job) => {
  run(job).then(
    (result) => answer({ type: "done", result }),
    (error: unknown) => answer({ type: "failed", error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on("disconnect", () => process.exit());

async function run(job: Job): Promise<AnyResult> {
  switch (job.type) {
    case "reference":
      return runReferenceLoad(job);
    case "tasks": {
      if (job.client === "unary") return runTaskLoad(job);
      const { runSdkLoad } = await import("./sdk-load.js");
      return runSdkLoad(job);
    }
  }
}

function answer(reply: Reply): void {
  process.send?.(reply);
}
