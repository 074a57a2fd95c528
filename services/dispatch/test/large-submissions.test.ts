/** Submissions share a transaction, and with it a stretch of work. How many do is bounded by their commands, too. */
import { commandsPerSubmissionMax, newId, type WorkflowCommand } from "@flovyn/domain";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createBatches } from "../src/batches/index.js";
import { Harness } from "./harness.js";

const harness = new Harness();
beforeAll(async () => void (await harness.start(1)));
afterAll(() => harness.stop());

/** Submits as many commands for each of two workflows in one turn; how many batches they took. */
async function batchesOf(commands: number): Promise<number> {
  const executions = [await harness.running(), await harness.running()];
  const batches = createBatches(harness.context);
  const record = (): WorkflowCommand => ({ type: "RECORD_OPERATION", name: newId(), result: Buffer.from("1") });
  await Promise.all(
    executions.map(({ id }) =>
      batches.submit.submit({
        ...{ orgId: harness.orgId, workflowId: id },
        submission: { commands: Array.from({ length: commands }, record), outcome: { type: "SUSPENDED" } },
      }),
    ),
  );
  await batches.submit.stop();
  return batches.submit.stats.batches;
}

it("submissions of few commands travel together, those of as many as are allowed alone", async () => {
  expect(await batchesOf(10)).toBe(1);
  expect(await batchesOf(commandsPerSubmissionMax)).toBe(2);
});
