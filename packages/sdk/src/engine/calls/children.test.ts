import { describe, expect, test } from "vitest";
import { activate, firstId, output, type Run, secondId, step } from "../../../test/activate.js";
import { SimulatedWorkflow } from "../../../test/simulated-workflow.js";
import { workflow } from "../../definitions/workflow.js";
import { ChildWorkflowFailedError } from "../../errors.js";

const shipping = workflow({ name: "shipping", run: (_ctx, parcels: number) => ({ shipped: parcels }) });

describe("a child workflow", () => {
  test("pitfall 16: has an id and a name of its own, and options", async () => {
    const result = await activate(async (ctx) => {
      const first = ctx.scheduleWorkflow(shipping, 3, { queue: "docks", priority: 5 });
      void ctx.scheduleWorkflow("billing", { a: 1 }, { name: "bill" });
      const third = ctx.scheduleWorkflow(shipping, 4);
      ctx.set("first", `${first.name} ${first.id}`);
      await third;
    });
    expect(result.commands.slice(0, 2)).toEqual([
      {
        type: "SCHEDULE_CHILD_WORKFLOW",
        name: "shipping-1",
        workflowId: firstId,
        kind: "shipping",
        input: Buffer.from("3"),
        queue: "docks",
        prioritySeconds: 5,
      },
      {
        type: "SCHEDULE_CHILD_WORKFLOW",
        name: "bill",
        workflowId: secondId,
        kind: "billing",
        input: Buffer.from('{"a":1}'),
        queue: undefined,
        prioritySeconds: undefined,
      },
    ]);
    expect(result.commands.slice(2)).toMatchObject([
      { name: "shipping-3" },
      { type: "SET_STATE", value: Buffer.from(`"shipping-1 ${firstId}"`) },
    ]);
    expect(result.outcome).toEqual({ status: "SUSPENDED", waitsFor: "child" });
  });

  test("gives its output, under the id in history", async () => {
    const simulated = new SimulatedWorkflow();
    const names = { childExecutionName: "shipping-1", childWorkflowKind: "shipping" };
    simulated.append("CHILD_WORKFLOW_INITIATED", { ...names, childExecutionId: "another-id" });
    simulated.append("CHILD_WORKFLOW_STARTED", { ...names, childExecutionId: "another-id" });
    simulated.append("CHILD_WORKFLOW_COMPLETED", { ...names, output: { shipped: 3 } });
    const result = await activate(async (ctx) => {
      const child = ctx.scheduleWorkflow(shipping, 3);
      return [child.id, await child];
    }, simulated);
    expect(output(result)).toEqual(["another-id", { shipped: 3 }]);
  });

  test("is matched without a kind where history has none", async () => {
    const simulated = new SimulatedWorkflow();
    simulated.append("CHILD_WORKFLOW_INITIATED", { childExecutionName: "shipping-1", childWorkflowKind: "" });
    const result = await activate((ctx) => ctx.scheduleWorkflow(shipping, 3), simulated);
    expect(result.outcome.status).toBe("SUSPENDED");
  });

  test("rejects when it failed; its CHILD_WORKFLOW_CANCELLED only informs", async () => {
    const simulated = new SimulatedWorkflow();
    const run: Run = (ctx) =>
      ctx.scheduleWorkflow(shipping, 3).catch((error: unknown) => error instanceof ChildWorkflowFailedError && error);
    await step(simulated, run);
    simulated.append("CHILD_WORKFLOW_CANCELLED", { childExecutionName: "shipping-1" });
    expect((await step(simulated, run)).outcome.status).toBe("SUSPENDED");
    simulated.failChild("shipping-1", "no ship");
    expect(output(await activate(run, simulated))).toMatchObject({
      childName: "shipping-1",
      workflowId: firstId,
      failure: "no ship",
    });
  });

  test("is refused under a taken name before it takes a position, and never takes one that is given by hand", async () => {
    const result = await activate(async (ctx) => {
      void ctx.scheduleWorkflow("echo", 1, { name: "echo-2" });
      const refused = ctx.scheduleWorkflow("echo", 1, { name: "echo-2" });
      const error = await refused.catch(String);
      ctx.cancelWorkflow(refused);
      return [error, ctx.scheduleWorkflow("echo", 1).name];
    });
    expect(output(result)).toEqual(['RangeError: another child of this workflow is called "echo-2"', "echo-3"]);
    expect(result.commands).toMatchObject([{ name: "echo-2" }, { name: "echo-3", workflowId: secondId }]);
  });

  test("fails the workflow when its input has no JSON form", async () => {
    const result = await activate((ctx) => ctx.scheduleWorkflow("echo", 1n).catch(() => "caught"));
    expect(result.outcome).toMatchObject({
      status: "FAILED",
      error: expect.stringContaining('child workflow "echo-1"'),
    });
  });
});

describe("cancelling a child", () => {
  const cancel = (name = "shipping-1") => ({
    type: "REQUEST_CANCEL_CHILD_WORKFLOW",
    name,
    workflowId: firstId,
    reason: "too late",
  });
  const run: Run = async (ctx) => {
    const child = ctx.scheduleWorkflow(shipping, 3);
    await ctx.waitForSignal("stop");
    child.cancel("too late");
    ctx.cancelWorkflow(child);
    ctx.cancelWorkflow(child.id, "again");
    return child.catch((error: Error) => error.message);
  };

  test("is asked for once, and again only while nothing tells that it was", async () => {
    const simulated = new SimulatedWorkflow();
    await step(simulated, run);
    simulated.signal("stop", null);
    expect((await step(simulated, run)).commands).toEqual([cancel()]);
    expect((await step(simulated, run)).commands).toEqual([cancel()]);
    simulated.failChild("shipping-1", "cancelled");
    const last = await activate(run, simulated);
    expect(last.commands).toEqual([]);
    expect(output(last)).toBe('Child workflow "shipping-1" failed: cancelled');
  });

  test("is left out when the code went on from there before, or the child has ended", async () => {
    const simulated = new SimulatedWorkflow();
    const goesOn: Run = async (ctx) => {
      ctx.scheduleWorkflow(shipping, 3).cancel("too late");
      await ctx.sleep(1000);
    };
    expect((await step(simulated, goesOn)).commands).toMatchObject([{}, cancel(), { type: "START_TIMER" }]);
    expect((await step(simulated, goesOn)).commands).toEqual([]);
    const ended = new SimulatedWorkflow();
    await step(ended, run);
    ended.completeChild("shipping-1", "shipped");
    ended.signal("stop", null);
    expect((await step(ended, run)).commands).toEqual([]);
    expect(ended.result).toBe("shipped");
  });

  test("takes an execution id, and nothing that is no child", async () => {
    const result = await activate((ctx) => {
      ctx.cancelWorkflow("0192f0c1-2f6e-7c7a-9a3b-00000000beef");
      ctx.cancelWorkflow(Promise.resolve() as never);
    });
    expect(result.commands).toMatchObject([{ name: "", workflowId: "0192f0c1-2f6e-7c7a-9a3b-00000000beef" }]);
    expect(result.outcome).toMatchObject({ error: expect.stringContaining("what ctx.scheduleWorkflow gave") });
  });
});
