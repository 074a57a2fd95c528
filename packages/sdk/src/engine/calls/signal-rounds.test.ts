import { describe, expect, test } from "vitest";
import { output, type Run } from "../../../test/activate.js";
import { SimulatedWorkflow } from "../../../test/simulated-workflow.js";
import { workflow } from "../../definitions/workflow.js";
import { type Logger, silentLogger } from "../../logger.js";
import { type ActivationResult, runActivation } from "../run-activation.js";

/** Gives the lines that were warned of, beside the last activation. */
async function play(run: Run, rounds: ((simulated: SimulatedWorkflow) => void)[]) {
  const simulated = new SimulatedWorkflow();
  const definition = workflow({ name: "listens", run });
  const warnings: string[] = [];
  const log: Logger = { ...silentLogger, warn: (line) => warnings.push(line) };
  const activate = async (): Promise<ActivationResult> => {
    const activation = {
      executionId: "0192f0c1-2f6e-7c7a-9a3b-0d5b6a7c8d9e",
      input: Buffer.from("null"),
      timeMillis: 1_750_000_000_000,
      history: simulated.history(),
    };
    const result = await runActivation(definition, activation, { log });
    simulated.submit(result);
    return result;
  };
  let last = await activate();
  for (const happen of rounds) {
    happen(simulated);
    last = await activate();
  }
  return { last, warnings };
}

const listening = (first: "race" | "any" | "native"): Run => {
  return async (ctx) => {
    const heard: unknown[] = [];
    for (let round = 0; round < 3; round++) {
      const both = [ctx.waitForSignal("e"), ctx.sleep("150ms").then(() => "silence")] as const;
      heard.push(await (first === "native" ? Promise.race(both) : ctx[first](both)));
    }
    return heard;
  };
};

const fire = (timer: number) => (simulated: SimulatedWorkflow) => simulated.fireTimer(`timer-${timer}`);
const send = (value: string) => (simulated: SimulatedWorkflow) => simulated.signal("e", value);

describe("a wait for a signal that lost", () => {
  test.each(["race", "any"] as const)("against ctx.%s takes none away from a later wait", async (first) => {
    const { last, warnings } = await play(listening(first), [fire(0), fire(1), send("e1")]);
    expect(output(last)).toEqual(["silence", "silence", "e1"]);
    expect(warnings).toEqual([]);
  });

  test("against Promise.race takes the next signal, which is warned of once by name", async () => {
    const { warnings } = await play(listening("native"), [fire(0), fire(1), send("e1"), send("e2"), send("e3")]);
    expect(warnings).toEqual([expect.stringContaining('signal "e" went to a wait')]);
  });

  test.each(["race", "any"] as const)("against a signal that was there gives its own back to ctx.%s", async (first) => {
    const run: Run = async (ctx) => {
      await ctx.waitForSignal("begin");
      const won = await ctx[first]([ctx.waitForSignal("a"), ctx.waitForSignal("e"), ctx.waitForSignal("e")]);
      return [won, await ctx.waitForSignal("e"), ctx.drainSignals("e")];
    };
    const all = (simulated: SimulatedWorkflow) => {
      for (const value of ["e1", "e2", "e3"]) simulated.signal("e", value);
      simulated.signal("a", "a1");
      simulated.signal("begin", null);
    };
    const { last } = await play(run, [all]);
    expect(output(last)).toEqual(["a1", "e1", ["e2", "e3"]]);
  });
});

test("waits for one signal that begin together are not warned of", async () => {
  const run: Run = (ctx) => Promise.all([ctx.waitForSignal("e"), ctx.waitForSignal("e")]);
  const { last, warnings } = await play(run, [send("e1"), send("e2")]);
  expect(output(last)).toEqual(["e1", "e2"]);
  expect(warnings).toEqual([]);
});
