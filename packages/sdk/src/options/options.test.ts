/**
 * Goal: whatever a caller gives for an option of any call, it is taken, or refused by a RangeError that names the option.
 * Approach: the tables by which the calls check their options say which options there are; each gets values of every kind.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { activate } from "../../test/activate.js";
import { type Attempt, bySender, inWorkflow, synchronous } from "../../test/attempts.js";
import { FlovynClient } from "../client/flovyn-client.js";
import { clientTable } from "../client/options.js";
import { signalTable, signalWithStartTable } from "../client/signal-options.js";
import { startTable } from "../client/start-options.js";
import { resultTable } from "../client/workflow-handle.js";
import { childWorkflowTable, promiseTable, scheduleTable } from "../definitions/call-options.js";
import { retryTable } from "../definitions/retry.js";
import { task, taskTable } from "../definitions/task.js";
import { workflow, workflowTable } from "../definitions/workflow.js";
import { decodeJson } from "../json.js";
import { TestServer, testServerTable } from "../testing/test-server.js";

const run = () => null;
const config = { serverUrl: "http://127.0.0.1:1", orgId: "org", workerToken: "token" };

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
