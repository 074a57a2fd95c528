import { expect, test } from "vitest";
import { cancelTimer, completed, count, dataOf, startTimer, suspended, typesOf } from "../../src/index.js";
import type { ClusterInUse } from "../use-cluster.js";
import { onlyData, statusOf, waitForEvents } from "../wait-for-events.js";
import { activateOnce, claimWorkflow } from "../wait-for-work.js";

export function timerTests(use: ClusterInUse): void {
  const start = async (queue: string) =>
    (await use.client().startWorkflow({ workflowKind: "sleeps", queue })).workflowExecutionId;

  test("timers fire in the order of their due times, each once and none early", async () => {
    const queue = "in-order";
    const client = use.client();
    const id = await start(queue);
    const durations = [90, 30, 60, 0, 31];
    const timers = durations.map((ms, index) => startTimer(`timer-${index}`, ms));
    await activateOnce(client, queue, suspended(...timers));
    await waitForEvents(client, id, { type: "TIMER_FIRED", wanted: durations.length });
    const { events } = (await use.rest().get(`/workflow-executions/${id}/events`)).json;
    const due = new Map<string, number>();
    const fired: string[] = [];
    for (const { eventType, data, createdAt } of events) {
      if (eventType === "TIMER_STARTED") due.set(data.timerId, data.fireAt);
      if (eventType !== "TIMER_FIRED") continue;
      fired.push(data.timerId);
      expect(Date.parse(createdAt)).toBeGreaterThanOrEqual(due.get(data.timerId) ?? Number.POSITIVE_INFINITY);
    }
    const byDue = [...due].sort(([, a], [, b]) => a - b).map(([timerId]) => timerId);
    expect(fired).toEqual(byDue);
    await activateOnce(client, queue, completed("1"));
  });

  test("a timer of 0 ms fires after it was started, in its own activation's suspend", async () => {
    const queue = "at-once";
    const client = use.client();
    const id = await start(queue);
    await activateOnce(client, queue, suspended(startTimer("timer-0", 0)));
    await activateOnce(client, queue, completed("1"));
    expect(typesOf(await client.getEvents(id))).toEqual([
      "WORKFLOW_STARTED",
      "TIMER_STARTED",
      "TIMER_FIRED",
      "WORKFLOW_COMPLETED",
    ]);
  });

  test("a cancelled timer does not fire; only one that was armed leaves an event", async () => {
    const queue = "cancelled";
    const client = use.client();
    const id = await start(queue);
    await activateOnce(client, queue, suspended(startTimer("dropped", 5_000)));
    await client.signalWorkflow({ workflowExecutionId: id, signalName: "changed-my-mind" });
    const commands = [cancelTimer("dropped"), cancelTimer("dropped"), cancelTimer("nobody")];
    await activateOnce(client, queue, suspended(...commands));
    // Its own cancel is news to the worker, which may wait for its end. The other timer is due after the one that was dropped.
    await activateOnce(client, queue, suspended(startTimer("kept", 5_000)));
    await waitForEvents(client, id, { type: "TIMER_FIRED" });
    await activateOnce(client, queue, suspended(cancelTimer("kept")));
    const events = await client.getEvents(id);
    expect(onlyData(events, "TIMER_CANCELLED").timerId).toBe("dropped");
    expect(onlyData(events, "TIMER_FIRED").timerId).toBe("kept");
    expect(await statusOf(use.rest(), id)).toBe("WAITING");
    await client.cancelWorkflow({ workflowExecutionId: id });
  });

  test("a timer that is started and cancelled in one activation", async () => {
    const queue = "started-and-cancelled";
    const client = use.client();
    const id = await start(queue);
    await activateOnce(client, queue, suspended(startTimer("brief", 60_000), cancelTimer("brief")));
    await activateOnce(client, queue, completed("1"));
    expect(typesOf(await client.getEvents(id)).slice(1, 3)).toEqual(["TIMER_STARTED", "TIMER_CANCELLED"]);
  });

  test("ids of timers are those of one execution", async () => {
    const queue = "same-ids";
    const client = use.client();
    const ids = [await start(queue), await start(queue)];
    // Both are claimed before the first timer can fire and make its workflow claimable again.
    for (const _ of ids) await claimWorkflow(client, { queue });
    for (const id of ids)
      await client.submitCommands({ workflowExecutionId: id, ...suspended(startTimer("sleep-1", 1)) });
    for (const id of ids) {
      const events = await waitForEvents(client, id, { type: "TIMER_FIRED" });
      expect(events.slice(1).map((event) => dataOf(event).timerId)).toEqual(["sleep-1", "sleep-1"]);
    }
    for (const _ of ids) await activateOnce(client, queue, completed("1"));
  });

  test("a timer that fires while a worker holds the workflow comes with the next activation", async () => {
    const queue = "fires-while-held";
    const client = use.client();
    // Until the claim is there before the timer is due.
    for (let durationMs = 100; ; durationMs *= 2) {
      const id = await start(queue);
      await activateOnce(client, queue, suspended(startTimer("timer-0", durationMs)));
      await client.signalWorkflow({ workflowExecutionId: id, signalName: "hold" });
      await claimWorkflow(client, { queue });
      const isEarly = count(await client.getEvents(id), "TIMER_FIRED") === 0;
      await waitForEvents(client, id, { type: "TIMER_FIRED" });
      expect(await statusOf(use.rest(), id)).toBe("RUNNING");
      // One that was late is over, or its queue would hand it out again in place of the next one.
      await client.submitCommands({ workflowExecutionId: id, ...(isEarly ? suspended() : completed("1")) });
      if (isEarly) {
        expect((await activateOnce(client, queue, completed("1"))).currentSequence).toBe(4);
        return;
      }
    }
  });
}
