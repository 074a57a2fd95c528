/** Goal: what a worker cannot run does not fail for it: it is reported, held by the server, and healed by other code. */
import type { ReportActivationFailureRequest } from "@flovyn/proto/ext";
import { describe, expect, test } from "vitest";
import { FlovynClient, type OnActivationFailure, silentLogger, workflow } from "../src/index.js";
import { FakeServer, orgId, token } from "./fake-server.js";
import { add, useHarness } from "./harness.js";

const harness = useHarness();

/** Waits for a signal, then schedules what `part` says: another part than before does not fit the history. */
const greeting = (part: string, onActivationFailure?: OnActivationFailure) =>
  workflow({
    name: "greeting",
    ...(onActivationFailure && { onActivationFailure }),
    async run(ctx) {
      await ctx.run(part, () => part);
      await ctx.waitForSignal("go");
      return part;
    },
  });

const failures = () => harness.server.door.requests("ReportActivationFailure") as ReportActivationFailureRequest[];

/** Runs one activation of `greeting("first")` and stops its worker. */
async function startedWithFirst(): Promise<string> {
  const client = harness.createClient().registerWorkflow(greeting("first"));
  await client.start();
  const { id } = await client.startWorkflow("greeting");
  await harness.server.door.received("SubmitWorkflowCommands");
  await client.stop();
  return id;
}

describe("a worker whose code does not fit the history", () => {
  test("reports it, with the event, and the workflow completes with code that fits", async () => {
    const id = await startedWithFirst();
    const bad = harness.createClient().registerWorkflow(greeting("second"));
    await bad.start();
    await bad.signal(id, "go");
    await harness.server.door.received("ReportActivationFailure");
    expect(failures()).toMatchObject([{ workflowExecutionId: id, reason: "DETERMINISM_VIOLATION", claimEpoch: 2 }]);
    expect(failures()[0]?.message).toMatch(/^Determinism violation: .*"second".*"first"/);
    expect(failures()[0]?.eventSequence).toBe(2);
    await bad.stop();

    const fixed = harness.createClient().registerWorkflow(greeting("first"));
    await fixed.start();
    harness.server.tryAgain(id);
    await harness.server.door.received("SubmitWorkflowCommands", 2);
    expect(harness.server.execution(id).status).toBe("COMPLETED");
  });

  test("fails the workflow where its definition asks for that", async () => {
    const id = await startedWithFirst();
    const client = harness.createClient().registerWorkflow(greeting("second", "fail"));
    await client.start();
    await client.signal(id, "go");
    await harness.server.door.received("SubmitWorkflowCommands", 2);
    expect(harness.server.execution(id).status).toBe("FAILED");
    expect(failures()).toEqual([]);
  });
});

test("a worker reports a workflow of a kind that it does not know", async () => {
  const client = harness.createClient().registerWorkflow(greeting("first")).registerTask(add);
  await client.start();
  await client.startWorkflow("unheard-of");
  await harness.server.door.received("ReportActivationFailure");
  expect(failures()).toMatchObject([
    { reason: "UNKNOWN_KIND", message: 'Unknown workflow kind "unheard-of"', eventSequence: 0 },
  ]);
});

test("a worker reports a history that it cannot read", async () => {
  const id = await startedWithFirst();
  harness.server
    .execution(id)
    .simulated.events.push({ sequence: 9, type: "SIGNAL_RECEIVED", data: Buffer.from("no JSON") });
  const client = harness.createClient().registerWorkflow(greeting("first"));
  await client.start();
  harness.server.tryAgain(id);
  await harness.server.door.received("ReportActivationFailure");
  expect(failures()).toMatchObject([{ reason: "HISTORY_UNREADABLE" }]);
});

test("a worker fails what it cannot run at a server that cannot hold it", async () => {
  const server = new FakeServer(["ReportActivationFailure"]);
  await server.door.start();
  const client = new FlovynClient({ serverUrl: server.door.url, orgId, workerToken: token, logger: silentLogger });
  client.registerWorkflow(greeting("first"));
  await client.start();
  const handle = await client.startWorkflow("unheard-of");
  await expect(handle.result()).rejects.toThrow('Unknown workflow kind "unheard-of"');
  await client.stop();
  server.door.stop();
});
