/**
 * Goal: whatever a caller gives for an option of any call, it is taken, or refused by a RangeError that names the option.
 * Approach: the tables by which the calls check their options say which options there are; each gets values of every kind.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { activate } from "../../test/activate.js";
import { FlovynClient } from "../client/flovyn-client.js";
import { clientTable } from "../client/options.js";
import { signalTable, signalWithStartTable } from "../client/signal-options.js";
import { startTable } from "../client/start-options.js";
import { cancelTable, resultTable } from "../client/workflow-handle.js";
import { childWorkflowTable, promiseTable, scheduleTable } from "../definitions/call-options.js";
import { retryTable } from "../definitions/retry.js";
import { task, taskTable } from "../definitions/task.js";
import { workflow, workflowTable } from "../definitions/workflow.js";
import type { WorkflowContext } from "../definitions/workflow-context.js";
import { decodeJson } from "../json.js";
import { TestServer, testServerTable } from "../testing/test-server.js";

const run = () => null;
const config = { serverUrl: "http://127.0.0.1:1", orgId: "org", workerToken: "token" };
/** The errors of its options come before anything is sent. */
const client = new FlovynClient(config);
const nowhere = "the call was sent";

/** What a call does with options: the text of its refusal, or undefined when it took them. */
type Attempt = (options: never) => Promise<string | undefined>;

const synchronous =
  (call: (options: never) => unknown): Attempt =>
  async (options) => {
    try {
      call(options);
      return undefined;
    } catch (error) {
      return refusal(error);
    }
  };

const inWorkflow =
  (call: (ctx: WorkflowContext, options: never) => unknown): Attempt =>
  async (options) => {
    const { outcome } = await activate(async (ctx) => {
      const result = Promise.resolve(call(ctx, options)).catch((error: unknown) => refusal(error));
      return Promise.race([result, ctx.run("soon", () => null)]);
    });
    if (outcome.status !== "COMPLETED") throw new Error(`the workflow is ${JSON.stringify(outcome)}`);
    return (decodeJson(outcome.output) as string | null) ?? undefined;
  };

const bySender =
  (call: (server: TestServer, options: never) => Promise<unknown>): Attempt =>
  async (options) => {
    const server = new TestServer({ workflows: [workflow({ name: "order", run: (ctx) => ctx.waitForSignal("go") })] });
    return call(server, options).then(
      () => undefined,
      (error: unknown) => refusal(error),
    );
  };

function refusal(error: unknown): string {
  if (error instanceof RangeError) return error.message;
  throw error;
}

const calls: readonly [name: string, table: object, required: object, attempt: Attempt][] = [
  ["new FlovynClient", clientTable, config, synchronous((options) => new FlovynClient(options))],
  ["new TestServer", testServerTable, {}, synchronous((options) => new TestServer(options))],
  ["task", taskTable, { name: "charge", run }, synchronous((options) => task(options))],
  ["workflow", workflowTable, { name: "order", run }, synchronous((options) => workflow(options))],
  ["retry of task", retryTable, {}, synchronous((retry) => task({ name: "charge", run, retry }))],
  ["ctx.schedule", scheduleTable, {}, inWorkflow((ctx, options) => ctx.schedule("charge", null, options))],
  ["ctx.promise", promiseTable, {}, inWorkflow((ctx, options) => ctx.promise("approval", options))],
  [
    "ctx.scheduleWorkflow",
    childWorkflowTable,
    {},
    inWorkflow((ctx, options) => ctx.scheduleWorkflow("ship", null, options)),
  ],
  ["startWorkflow", startTable, {}, bySender((server, options) => server.start("order", null, options))],
  [
    "signalWithStart",
    signalWithStartTable,
    { workflowId: "order-7", signal: { name: "go" } },
    bySender((server, options) => server.signalWithStart("order", null, options)),
  ],
  [
    "signal",
    signalTable,
    {},
    bySender(async (server, options) => (await server.start("order")).signal("go", null, options)),
  ],
  [
    "result",
    resultTable,
    {},
    bySender(async (server, options) => {
      const handle = await server.start("order");
      await handle.signal("go");
      return handle.result(options);
    }),
  ],
];

const values = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    "",
    " ",
    "weird",
    "5",
    "\ud800",
    "a\0b",
    "x".repeat(20_000),
    -1,
    0,
    0.4,
    0.5,
    1e9,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1n,
    true,
    Symbol("a symbol"),
    Object.create(null),
    { milliseconds: "1" },
    [null],
    () => {},
    new Date(Number.NaN),
  ),
  fc.anything(),
);

describe.each(calls)("%s", (_name, table, required, attempt) => {
  test.each(Object.keys(table))("takes or refuses any %s, naming it", async (option) => {
    await fc.assert(
      fc.asyncProperty(
        values.filter((value) => value !== undefined),
        async (value) => {
          const refused = await attempt({ ...required, [option]: value } as never);
          if (refused !== undefined) expect(refused).toMatch(new RegExp(`(?:^|[ .])${option}[.:[]`));
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each(Object.keys(table))("refuses a symbol as %s", async (option) => {
    const refused = await attempt({ ...required, [option]: Symbol("a symbol") } as never);
    expect(refused).toMatch(new RegExp(`(?:^|[ .])${option}: .*(?:must|is not)`));
  });

  test("refuses what is no object in place of its options", async () => {
    for (const wrong of [null, "weird", []]) expect(await attempt(wrong as never)).toMatch(/: must be .*object, is/);
  });
});

describe("options", () => {
  const strict = calls.filter(([name]) => name !== "task" && name !== "workflow");
  test.each(strict)("of %s are refused when they are misspelt", async (_name, table, required, attempt) => {
    const refused = await attempt({ ...required, misspelt: 1 } as never);
    expect(refused).toContain(`misspelt: is not known here; known are ${Object.keys(table).join(", ")}`);
  });

  test.each(strict)("of %s may be left out as undefined", async (_name, table, required, attempt) => {
    const leftOut = Object.fromEntries(Object.keys(table).map((option) => [option, undefined]));
    expect(await attempt({ ...leftOut, ...required, misspelt: undefined } as never)).toBeUndefined();
  });

  test("show the allowed values", async () => {
    const retry = { strategy: "weird" } as never;
    expect(() => task({ name: "charge", run, retry })).toThrow(
      'task charge: retry.strategy: must be one of none, fixed, linear, exponential, fibonacci, is "weird"',
    );
    expect(() => task({ name: "charge", run, retry: "often" as never })).toThrow(
      'task charge: retry: must be a number of retries or an object, is "often"',
    );
    expect(() => task({ name: "charge" } as never)).toThrow("task charge: run: must be a function, is undefined");
    expect(() => workflow(undefined as never)).toThrow("workflow: options: must be an object, is undefined");
  });

  test("do not show a credential that is refused", () => {
    expect(() => new FlovynClient({ ...config, workerToken: "se cret" })).toThrow(
      /^workerToken: must be printable ASCII without blanks$/,
    );
  });
});

describe("a limit of 0", () => {
  const noDeadline = "timeout: must be from 1 to 316224000000 ms, is 0 ms; leave it out for no limit";

  test("is refused as the deadline of a task or a promise, however it is written", async () => {
    for (const timeout of [0, "0s", 0.4, { milliseconds: 0 }]) {
      expect(() => task({ name: "charge", timeout, run })).toThrow(`task charge: ${noDeadline}`);
      const refusals = await activate(async (ctx) =>
        Promise.allSettled([ctx.schedule("charge", null, { timeout }), ctx.promise("approval", { timeout })]).then(
          (all) => all.map((one) => (one as PromiseRejectedResult).reason.message),
        ),
      );
      expect(decodeJson((refusals.outcome as { output: Buffer }).output)).toEqual([
        `ctx.schedule("charge"): ${noDeadline}`,
        `ctx.promise("approval"): ${noDeadline}`,
      ]);
    }
  });

  test("is at once everywhere else", async () => {
    const server = new TestServer({
      workflows: [
        workflow({
          name: "waiting",
          async run(ctx) {
            await ctx.sleep(0);
            return ctx.withTimeout(ctx.waitForSignal("never"), 0).catch((error: Error) => error.name);
          },
        }),
        workflow({ name: "endless", run: (ctx) => ctx.waitForSignal("never") }),
      ],
    });
    expect(await (await server.start("waiting")).result()).toBe("TimeoutError");
    await expect((await server.start("endless")).result({ timeout: 0 })).rejects.toThrow("did not end within 0 ms");
  });
});

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
