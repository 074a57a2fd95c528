import { runReferenceLoad } from "../reference/reference-load.js";
import type { Job, JobResult, Reply } from "./job.js";
import { runUnaryLoad } from "./unary/unary-load.js";

// A process of its own, so that the CPU time of clients is counted apart from that of the server.
// grpc-js makes an Error for every call; the stacks nobody reads cost more than the rest of the call.
Error.stackTraceLimit = 0;

process.on("message", (job: Job) => {
  run(job).then(
    (result) => answer({ ok: true, result }),
    (error: unknown) => answer({ ok: false, error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on("disconnect", () => process.exit());

async function run(job: Job): Promise<JobResult> {
  if (job.type === "reference") return runReferenceLoad(job);
  if (job.client === "unary") return runUnaryLoad(job);
  const { runSdkLoad } = await import("./sdk-load.js");
  return runSdkLoad(job);
}

function answer(reply: Reply): void {
  process.send?.(reply);
}
