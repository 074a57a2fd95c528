import { defaultText } from "./number-options.js";
import { titles, workloadNames } from "./workloads.js";

export const usage = `npm run bench -- <workload> [options]
${workloadNames.map((name) => `  ${name.padEnd(21)}${titles[name]}`).join("\n")}
      --topology NAME    dev (one process) or cluster (a process per service over NATS); default dev
      --client NAME      unary (published protocol) or sdk; default unary
      --repeat N         the figures are medians of so many repeats; ${defaultText("repeat")}
      --concurrency N    workflows in flight; ${defaultText("concurrency")}
      --workers N        worker loops per kind of work; ${defaultText("workers")}
      --connections N    gRPC connections of a client process; ${defaultText("connections")}
      --clients N        client processes; ${defaultText("clients")}
      --replicas N       processes each of gateway, dispatch and tasks in a cluster; ${defaultText("replicas")}
      --cpu-prof DIR     the server processes leave CPU profiles there
      --json             one JSON line per figure
      --workflows N      of one repeat; ${defaultText("workflows")}
      --samples N        workflows one at a time on the idle system; ${defaultText("samples")}`;
