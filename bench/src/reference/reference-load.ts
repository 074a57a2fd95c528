import { runClosedLoop, type Timing } from "../load/closed-loop.js";
import type { ReferenceJob } from "../load/job.js";
import { jobTimeoutMs } from "../load/job-timeout.js";
import { ConnectionPool, type Rpc } from "../load/unary/connection.js";
import { echoPath } from "./echo-service.js";

const asItIs = (bytes: Buffer) => bytes;
const echo: Rpc<Buffer, Buffer> = { path: echoPath, serialize: asItIs, deserialize: asItIs };
/** About the size of a poll answer. */
const payload = Buffer.alloc(200, "x");
/** As long as a real one: headers are part of a call. */
const token = "flovyn_wk_bench_000000000000000000000000";

/** One round is as many calls, one after the other, as an existing client makes for one workflow. */
export async function runReferenceLoad(job: ReferenceJob): Promise<Timing> {
  const pool = new ConnectionPool({ doors: [job.door], token, size: job.connections });
  try {
    return await runClosedLoop({
      count: job.rounds,
      concurrency: job.concurrency,
      timeoutMs: jobTimeoutMs(job),
      runOne: async () => {
        const connection = pool.take();
        for (let call = 0; call < job.callsPerRound; call++) await connection.call(echo, payload);
      },
    });
  } finally {
    pool.close();
  }
}
