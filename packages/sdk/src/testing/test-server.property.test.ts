/**
 * Goal: the engine and the decisions of the server fit together, whatever a workflow asks for.
 * Approach: made-up workflows run in the test server to their end, while signals come and promises are settled at random.
 * Replaying what happened until then asks for nothing more.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { endingPrograms, names, type Program, runProgram } from "../../test/random-program.js";
import { activateProgram, chance } from "../../test/random-run.js";
import { task } from "../definitions/task.js";
import { workflow } from "../definitions/workflow.js";
import type { TestHandle } from "./test-handle.js";
import { TestServer } from "./test-server.js";

const stepsMax = 2000;

interface Work {
  readonly path: string;
  readonly fails: boolean;
}

const tasks = names.map((name) =>
  task({
    name,
    retry: 1,
    run(_ctx, { path, fails }: Work) {
      if (fails) throw new Error(`no luck at ${path}`);
      return `did ${name} at ${path}`;
    },
  }),
);

const children = [...names, "cut"].map((name) =>
  workflow({
    name,
    async run(ctx, { path, fails }: Work) {
      await ctx.sleep("30s");
      if (fails) throw new Error(`no luck at ${path}`);
      return `child did ${name} at ${path}`;
    },
  }),
);

async function runToEnd(program: Program, random: () => number): Promise<TestHandle> {
  const definition = workflow({ name: "random", run: (ctx) => runProgram(ctx, program) });
  const server = new TestServer({ workflows: [definition, ...children], tasks });
  const handle = await server.start(definition);
  for (let step = 0; handle.status() !== "COMPLETED" && handle.status() !== "FAILED"; step++) {
    if (step > stepsMax) throw new Error(`the workflow did not end: ${JSON.stringify(handle.history())}`);
    const name = names[Math.floor(random() * names.length)] ?? "a";
    if (random() < 0.5) await handle.signal(name, `signal ${step}`);
    if (random() < 0.3) await server.resolvePromise({ workflowId: handle.id, name }, step).catch(() => {});
    if (random() < 0.5) await server.idle();
    if (random() < 0.3) await server.advance("10s");
  }
  return handle;
}

describe("a random workflow in a test server", () => {
  test("comes to its end, and its history replays", async () => {
    await fc.assert(
      fc.asyncProperty(endingPrograms, fc.integer(), async (program, seed) => {
        const handle = await runToEnd(program, chance(seed));
        const events = handle.history();
        const types = events.map(({ type }) => type);
        expect(types.filter((type) => type === "WORKFLOW_COMPLETED" || type === "WORKFLOW_EXECUTION_FAILED")).toEqual([
          types.at(-1),
        ]);
        expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
        const history = events
          .slice(0, -1)
          .map(({ sequence, type, data }) => ({ sequence, type, data: Buffer.from(JSON.stringify(data)) }));
        const again = await activateProgram(program, history, { executionId: handle.id });
        expect(again.outcome.status).toBe(handle.status());
      }),
      { numRuns: 150 },
    );
  });
});
