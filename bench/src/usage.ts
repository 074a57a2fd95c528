import { resumeNames } from "./load/job.js";
import { defaultText } from "./number-options.js";
import { titles, workloadNames } from "./workloads.js";

export const usage = `npm run bench -- <workload> [options]
${workloadNames.map((name) => `  ${name.padEnd(21)}${titles[name]}`).join("\n")}
      --topology NAME    dev (one process) or cluster (a process per service over NATS); default dev
      --client NAME      unary (published protocol) or sdk (w1 to w4); default unary
      --repeat N         the figures are medians of so many repeats; ${defaultText("repeat")}
      --concurrency N    in flight: workflows, calls of w7; ${defaultText("concurrency")}
      --workers N        worker loops per kind of work; ${defaultText("workers")}
      --connections N    gRPC connections of a client process; ${defaultText("connections")}
      --clients N        client processes; ${defaultText("clients")}
      --replicas N       processes each of gateway, dispatch and tasks in a cluster; ${defaultText("replicas")}
      --cpu-prof DIR     the server processes leave CPU profiles there
      --json             one JSON line per figure
  w1 to w4
      --workflows N      of one repeat; ${defaultText("workflows")}
      --samples N        workflows one at a time on the idle system; ${defaultText("samples")} (w7: wakes)
  w6
      --timers N         of one repeat; ${defaultText("timers")}
      --per-workflow N   timers of one workflow (w7: wakes); ${defaultText("per-workflow")}
      --over SECONDS     between the first and the last due time; ${defaultText("over")}
      --lead SECONDS     from the first start to the first due time, for arming; default 5 and 1 for every 4000 timers
      --resume WHEN      workers take the woken workflows ${resumeNames.join(" or ")} that time; default ${resumeNames[0]}
  w7
      --wakes N          signals, and then promises, of one repeat; ${defaultText("wakes")}`;
