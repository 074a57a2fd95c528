/**
 * Goal: a signal that was acknowledged is seen by the run that took it, or has started the next one, while runs end all the
 * time. Approach: workers as existing SDKs are, which end a run at once with the number of signals in its history, against
 * senders at both gateways; some workers read the history at another gateway than they report to.
 */
import { waitFor } from "@flovyn/testing";
import { expect, test } from "vitest";
import { completed, count, type FlovynClient, type RestClient } from "../src/index.js";
import { REPLICATED, useCluster } from "./use-cluster.js";

const senders = 6;
const signalsOfSender = 50;
const use = useCluster({ replicas: REPLICATED });

/** Ends every workflow of a queue with what its history holds, until it is stopped. */
async function work(queue: string, clients: { reads: FlovynClient; reports: FlovynClient }, stop: AbortSignal) {
  while (!stop.aborted) {
    const execution = await clients.reports.pollWorkflow({ workerId: `w-${queue}`, queue });
    if (execution === undefined) continue;
    const events = await clients.reads.getEvents(execution.id);
    const submission = completed(String(count(events, "SIGNAL_RECEIVED")));
    await clients.reports.submitCommands({ workflowExecutionId: execution.id, ...submission });
  }
}

async function sendAll(clients: readonly FlovynClient[], queue: string): Promise<void> {
  const send = async (sender: number) => {
    for (let n = 0; n < signalsOfSender; n++) {
      await clients[(sender + n) % clients.length]?.signalWithStart({
        ...{ workflowId: `key-${queue}`, workflowKind: "counter", queue },
        ...{ signalName: "more", signalValue: Buffer.from("1"), signalId: `${sender}-${n}` },
      });
    }
  };
  await Promise.all(Array.from({ length: senders }, (_, sender) => send(sender)));
}

test("signals that are sent while runs complete are all in the outputs of the runs", async () => {
  const queue = "completing";
  const clients = [use.client(0), use.client(1)] as const;
  const stop = new AbortController();
  const workers = [
    work(queue, { reads: clients[0], reports: clients[0] }, stop.signal),
    work(queue, { reads: clients[1], reports: clients[0] }, stop.signal),
    work(queue, { reads: clients[1], reports: clients[1] }, stop.signal),
  ];
  await sendAll(clients, queue);
  const rest = use.rest();
  const outputs = await waitFor("every run to end", async () => {
    const runs = await listAll(rest, queue);
    if (runs.some(({ status }) => status !== "COMPLETED")) return undefined;
    return Promise.all(
      runs.map(async ({ id }) => ((await rest.get(`/workflow-executions/${id}`)).json as { output: number }).output),
    );
  });
  stop.abort();
  await Promise.all(workers);
  expect(outputs.reduce((sum, output) => sum + output, 0)).toBe(senders * signalsOfSender);
});

async function listAll(rest: RestClient, queue: string): Promise<{ id: string; status: string }[]> {
  const all: { id: string; status: string }[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const more = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const { json } = await rest.get(`/workflow-executions?queue=${queue}&limit=100${more}`);
    const page = json as { workflows: { id: string; status: string }[]; nextCursor: string | null };
    all.push(...page.workflows);
    cursor = page.nextCursor;
  }
  return all;
}
