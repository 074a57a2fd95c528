/** Goal: what a call takes before its options is checked as they are, before anything is sent or takes its position. */
import { describe, expect, test } from "vitest";
import { inWorkflow, refusal } from "../../test/attempts.js";
import { FlovynClient } from "../client/flovyn-client.js";
import { cancelTable } from "../client/workflow-handle.js";
import type { WorkflowContext } from "../definitions/workflow-context.js";

const run = () => null;
const config = { serverUrl: "http://127.0.0.1:1", orgId: "org", workerToken: "token" };
/** The errors of its options come before anything is sent. */
const client = new FlovynClient(config);
const nowhere = "the call was sent";

describe("what comes before the options", () => {
  const wrongNames = [
    undefined,
    null,
    7,
    "",
    " ",
    "\ud800",
    "a\0b",
    "x".repeat(256),
    Symbol("a symbol"),
    {},
    Object.create(null),
  ];
  const inCtx: [string, string, (ctx: WorkflowContext, value: never) => unknown][] = [
    ["ctx.schedule", "task", (ctx, value) => ctx.schedule(value)],
    ["ctx.scheduleWorkflow", "workflow", (ctx, value) => ctx.scheduleWorkflow(value)],
    ["ctx.run", "name", (ctx, value) => ctx.run(value, run)],
    ["ctx.promise", "name", (ctx, value) => ctx.promise(value)],
    ["ctx.resolvePromise", "name", (ctx, value) => ctx.resolvePromise(value)],
    ["ctx.waitForSignal", "name", (ctx, value) => ctx.waitForSignal(value)],
    ["ctx.hasSignal", "name", (ctx, value) => ctx.hasSignal(value)],
    ["ctx.drainSignals", "name", (ctx, value) => ctx.drainSignals(value)],
    ["ctx.get", "key", (ctx, value) => ctx.get(value)],
    ["ctx.set", "key", (ctx, value) => ctx.set(value, 1)],
    ["ctx.clear", "key", (ctx, value) => ctx.clear(value)],
  ];

  test.each(inCtx)(
    "%s refuses a %s that cannot be one, half of a surrogate pair included",
    async (call, what, make) => {
      for (const wrong of wrongNames) {
        const refused = await inWorkflow(async (ctx, value) => make(ctx, value))(wrong as never);
        expect(refused).toMatch(new RegExp(`^${call.replace(".", "\\.")}: ${what}: must`));
      }
    },
  );

  test.each<[string, (ctx: WorkflowContext, value: never) => unknown]>([
    ["ctx.sleep: ", (ctx, value) => ctx.sleep(value)],
    ["ctx.sleepUntil: ", (ctx, value) => ctx.sleepUntil(value)],
    ["ctx.withTimeout: ", (ctx, value) => ctx.withTimeout(ctx.sleep(1), value)],
    ["ctx.withTimeout: ", (ctx, value) => ctx.withTimeout(value, 1)],
    ['ctx.run("name"): function: ', (ctx, value) => ctx.run("name", value)],
  ])("%srefuses what is none", async (field, make) => {
    for (const wrong of [undefined, null, Number.NaN, "", {}, Symbol("a symbol"), Object.create(null), true]) {
      const refused = await inWorkflow(async (ctx, value) => make(ctx, value))(wrong as never);
      expect(refused?.slice(0, field.length)).toBe(field);
    }
  });

  test.each<[string, (value: never) => Promise<unknown>]>([
    ["start: workflow: ", (value) => client.startWorkflow(value)],
    ["start: workflow: ", (value) => client.signalWithStart(value, null, { workflowId: "7", signal: { name: "go" } })],
    ["signal: name: ", (value) => client.signal("id", value)],
    ["query: workflowId: ", (value) => client.query(value, "status")],
    ["query: name: ", (value) => client.query("id", value)],
    ["cancel: workflowId: ", (value) => client.cancel(value)],
    ["promise: key: ", (value) => client.resolvePromise({ key: value })],
    ["promise: name: ", (value) => client.rejectPromise({ workflowId: "id", name: value }, "no")],
    ["result: workflowId: ", (value) => client.getHandle(value).result()],
  ])("of a client, %srefuses what cannot be one before anything is sent", async (field, call) => {
    for (const wrong of wrongNames) {
      const refused = await call(wrong as never).then(() => nowhere, refusal);
      expect(refused.slice(0, field.length)).toBe(field);
    }
  });

  test("cancel and result of a client refuse options that are none", async () => {
    expect(Object.keys(cancelTable)).toEqual(["cascadeToChildren"]);
    for (const options of [null, 7, { cascadeToChildren: "no" }, { cascade: true }]) {
      await expect(client.cancel("id", "", options as never)).rejects.toThrow(
        /^cancel: (options|cascadeToChildren|cascade): /,
      );
    }
    await expect(client.cancel("id", 7 as never)).rejects.toThrow("cancel: reason: must be text, is 7");
    await expect(client.cancel("id", "x".repeat(501))).rejects.toThrow(
      "cancel: reason: must have at most 500 characters",
    );
    await expect(client.getHandle("id").result({ timeout: "later" })).rejects.toThrow(
      'result: timeout: "later" is not',
    );
  });

  test("registering refuses what is no definition", () => {
    for (const wrong of [undefined, null, {}, { name: "charge" }, "charge"]) {
      expect(() => new FlovynClient(config).registerTask(wrong as never)).toThrow(/^register: task/);
      expect(() => new FlovynClient(config).registerWorkflow(wrong as never)).toThrow(/^register: workflow/);
    }
  });
});
