/** Goal: types follow from definitions, without annotations where they are used. Nothing here runs. */
import { describe, expectTypeOf, test } from "vitest";
import {
  type ChildWorkflowPromise,
  FlovynClient,
  type SignalPromise,
  type TimerPromise,
  task,
  type WorkflowContext,
  type WorkflowHandle,
  workflow,
} from "./index.js";
import { createMockTaskContext, createMockWorkflowContext, type TestHandle, TestServer } from "./testing/index.js";

interface Order {
  id: string;
  amount: number;
}

const charge = task({ name: "charge", run: async (_ctx, order: Order) => ({ receipt: order.id }) });
const ping = task({ name: "ping", run: () => "pong" });
const order = workflow({
  name: "order",
  async run(ctx, input: Order) {
    const paid = await ctx.schedule(charge, input);
    expectTypeOf(paid).toEqualTypeOf<{ receipt: string }>();
    return paid.receipt;
  },
});

const client = (): FlovynClient => new FlovynClient({ serverUrl: "http://localhost", orgId: "o", workerToken: "t" });

describe("types", () => {
  test("follow from tasks", () => {
    const calls = (ctx: WorkflowContext) => {
      expectTypeOf(ctx.schedule(ping)).toEqualTypeOf<Promise<string>>();
      expectTypeOf(ctx.schedule(charge, { id: "1", amount: 1 }, { queue: "pay" })).toEqualTypeOf<
        Promise<{ receipt: string }>
      >();
      expectTypeOf(ctx.schedule("by name", 1)).toEqualTypeOf<Promise<unknown>>();
      expectTypeOf(ctx.schedule<number>("by name")).toEqualTypeOf<Promise<number>>();
      expectTypeOf(Promise.all([ctx.schedule(ping), ctx.schedule(charge, { id: "1", amount: 1 })])).toEqualTypeOf<
        Promise<[string, { receipt: string }]>
      >();
      // @ts-expect-error the input is not an order
      void ctx.schedule(charge, { id: 1 });
      // @ts-expect-error the input is missing
      void ctx.schedule(charge);
      expectTypeOf(ctx.run("op", async () => 1)).toEqualTypeOf<Promise<number>>();
      expectTypeOf(ctx.get<number>("key")).toEqualTypeOf<number | null>();
    };
    expectTypeOf(calls).toBeFunction();
  });

  test("follow from what a workflow waits for", () => {
    const calls = (ctx: WorkflowContext) => {
      expectTypeOf(ctx.sleep("1s")).toEqualTypeOf<TimerPromise>();
      expectTypeOf(ctx.withTimeout(ctx.schedule(ping), "1s")).toEqualTypeOf<Promise<string>>();
      expectTypeOf(ctx.promise<boolean>("approval", { timeout: "1d" })).toEqualTypeOf<Promise<boolean>>();
      expectTypeOf(ctx.promise("approval")).toEqualTypeOf<Promise<unknown>>();
      expectTypeOf(ctx.waitForSignal<Order>("changed")).toEqualTypeOf<SignalPromise<Order>>();
      expectTypeOf(ctx.drainSignals<Order>("changed")).toEqualTypeOf<Order[]>();
      expectTypeOf(ctx.hasSignal("changed")).toEqualTypeOf<boolean>();
      const child = ctx.scheduleWorkflow(order, { id: "1", amount: 1 }, { name: "first" });
      expectTypeOf(child).toEqualTypeOf<ChildWorkflowPromise<string>>();
      ctx.cancelWorkflow(child, "too late");
      expectTypeOf(ctx.scheduleWorkflow<number>("by name", 1)).toEqualTypeOf<ChildWorkflowPromise<number>>();
      // @ts-expect-error the amount is missing
      void ctx.scheduleWorkflow(order, { id: "1" });
      // @ts-expect-error a promise of anything else is no child
      ctx.cancelWorkflow(ctx.schedule(ping));
    };
    expectTypeOf(calls).toBeFunction();
  });

  test("follow from workflows", () => {
    const calls = async () => {
      const handle = await client().startWorkflow(order, { id: "1", amount: 2 }, { idempotencyKey: "k" });
      expectTypeOf(handle.result()).toEqualTypeOf<Promise<string>>();
      // @ts-expect-error the amount is missing
      await client().startWorkflow(order, { id: "1" });
      const named = await client().startWorkflow<number>("by name", { any: 1 });
      expectTypeOf(named.result()).toEqualTypeOf<Promise<number>>();
      const signal = { name: "changed", value: { amount: 3 }, signalId: "s" };
      const signalled = await client().signalWithStart(order, { id: "1", amount: 2 }, { workflowId: "7", signal });
      expectTypeOf(signalled.result()).toEqualTypeOf<Promise<string>>();
      expectTypeOf(signalled.isNew).toEqualTypeOf<boolean>();
      // @ts-expect-error the workflow id is the idempotency key
      await client().signalWithStart(order, { id: "1", amount: 2 }, { workflowId: "7", signal, idempotencyKey: "8" });
      expectTypeOf(signalled.query<number>("total")).toEqualTypeOf<Promise<number>>();
      await client().resolvePromise({ workflowId: signalled.id, name: "approval" }, true);
      // @ts-expect-error a name alone is no promise
      await client().resolvePromise({ name: "approval" }, true);
      expectTypeOf(client().getHandle("id", order)).toEqualTypeOf<WorkflowHandle<string>>();
      expectTypeOf(client().getHandle("id")).toEqualTypeOf<WorkflowHandle<unknown>>();
    };
    expectTypeOf(calls).toBeFunction();
  });

  test("follow in a test server", () => {
    const calls = async () => {
      const server = new TestServer({ workflows: [order], tasks: [charge, ping] });
      const handle = await server.start(order, { id: "1", amount: 2 });
      expectTypeOf(handle).toEqualTypeOf<TestHandle<string>>();
      expectTypeOf(handle.result()).toEqualTypeOf<Promise<string>>();
      // @ts-expect-error the amount is missing
      await server.start(order, { id: "1" });
      await charge.run(createMockTaskContext(), { id: "1", amount: 2 });
      await order.run(createMockWorkflowContext({ tasks: { charge: (input: Order) => input.id } }), {
        id: "1",
        amount: 2,
      });
    };
    expectTypeOf(calls).toBeFunction();
  });

  test("let any definition be registered", () => {
    const calls = () => client().registerWorkflow(order).registerTask(charge, ping);
    expectTypeOf(calls).toEqualTypeOf<() => FlovynClient>();
  });
});
