/** A start may be delayed: it is there at once, and handed out when its time has come. A clock at rest, real Postgres. */
import { GetWorkflowRequest, WorkflowView } from "@flovyn/proto/internal";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Calls } from "./calls.js";
import { Cluster } from "./cluster.js";
import { expectConsistent } from "./whole-database.js";

let cluster: Cluster;
let calls: Calls;
beforeAll(async () => {
  cluster = await Cluster.start();
  calls = new Calls(cluster);
});
afterAll(async () => {
  await expectConsistent(cluster);
  await cluster.stop();
});

const hour = 3_600_000;

it("hands a delayed execution out at its time, and one that is started later before it", async () => {
  const delayed = await calls.start({ delayUntilMs: cluster.clock.now() + hour });
  const { queue } = delayed;
  expect(await calls.poll("dispatch", queue)).toEqual([]);
  const types = [GetWorkflowRequest, WorkflowView] as const;
  expect(await cluster.call("dispatch", "internal/GetWorkflow", types, { id: delayed.id })).toMatchObject({
    status: "PENDING",
  });
  const later = await calls.start({ queue });
  expect(await calls.poll("dispatch", queue, 2)).toMatchObject([{ id: later.id }]);
  cluster.passTime(hour - 1);
  expect(await calls.poll("dispatch", queue)).toEqual([]);
  cluster.passTime(1);
  expect(await calls.poll("dispatch", queue)).toMatchObject([{ id: delayed.id }]);
});

it("hands an execution out at once whose time is over", async () => {
  const started = await calls.start({ delayUntilMs: cluster.clock.now() - hour });
  expect(await calls.poll("dispatch", started.queue)).toMatchObject([{ id: started.id }]);
});

it("takes signals and cancellations while it waits", async () => {
  const delayed = await calls.start({ delayUntilMs: cluster.clock.now() + hour });
  await calls.signal(delayed, "go", "1");
  expect(await calls.poll("dispatch", delayed.queue)).toEqual([]);
  await calls.cancel(delayed);
  cluster.passTime(hour);
  expect(await calls.poll("dispatch", delayed.queue)).toEqual([]);
});

it("refuses a delay of more than ten years, by the name of the field", async () => {
  const delayUntilMs = cluster.clock.now() + 11 * 366 * 24 * hour;
  await expect(calls.start({ delayUntilMs })).rejects.toMatchObject({ code: "InvalidInput", field: "delay_until_ms" });
});
