import type { Figures } from "./figures.js";

/** The figures for a person to read. */
export function tableOf([throughput, reference, idle]: Figures): string {
  const { latencyMs, perWorkflow, load, machine, cpuMsPerWorkflow } = throughput;
  const times = ({ p50, p95, p99 }: { p50: number; p95: number; p99: number }) => `${p50} / ${p95} / ${p99} ms`;
  const cpu = Object.entries(cpuMsPerWorkflow);
  const cpuTotal = cpu.reduce((total, [, ms]) => total + ms, 0);
  const batches = Object.entries(throughput.batches);
  const rows: [string, string][] = [
    ["throughput", `${throughput.value} workflows/s   (${throughput.repeats.join(", ")})`],
    ["latency p50 / p95 / p99", `${times(latencyMs)}, ${load.concurrency} in flight`],
    ["idle system", `${times(idle.latencyMs)}, one at a time`],
    [
      "empty grpc-js server",
      `${reference.value} rounds/s; Flovyn reaches ${(reference.ratio * 100).toFixed(0)} % of it`,
    ],
    ["CPU per workflow", cpu.map(([name, ms]) => `${name} ${ms} ms`).join(", ")],
    ["", `${cpuTotal.toFixed(2)} ms in all`],
    ["queries per workflow", `${perWorkflow.queries}`],
    ["commits per workflow", `${perWorkflow.commits}, of these ${perWorkflow.writeCommits} that write`],
    ["WAL per workflow", `${perWorkflow.walBytes} bytes`],
    ["empty polls per workflow", `${perWorkflow.emptyPolls}`],
    ["batches per workflow", batches.map(([name, batch]) => `${name} ${batch.perWorkflow}`).join(", ")],
    ["items per batch", batches.map(([name, batch]) => `${name} ${batch.meanItems}`).join(", ")],
    ["load", pairs(load)],
    ["machine", pairs(machine)],
    ["verified", "every workflow completed once with the expected history, no task ran twice"],
  ];
  const title = `${throughput.workload}, ${throughput.client} client, ${throughput.topology} topology`;
  return [title, ...rows.map(([name, text]) => `  ${name.padEnd(26)}${text}`)].join("\n");
}

function pairs(record: object): string {
  return Object.entries(record)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}
