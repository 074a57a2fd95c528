import fc from "fast-check";
import type { WorkflowContext } from "../src/definitions/workflow-context.js";

/** A workflow as a tree, so that property tests can make up workflows. */
export type Program =
  | { readonly do: "task" | "run"; readonly name: string; readonly fails: boolean }
  | { readonly do: "set" | "clear"; readonly key: string }
  | { readonly do: "uuid" }
  | { readonly do: Combination; readonly parts: readonly Program[] }
  | { readonly do: "catch"; readonly part: Program };

type Combination = "sequence" | "all" | "race" | "race backwards" | "any" | "settled";

const combinations: readonly Combination[] = ["sequence", "all", "race", "race backwards", "any", "settled"];

const { program } = fc.letrec<{ program: Program; parts: Program[] }>((tie) => ({
  parts: fc.array(tie("program"), { minLength: 1, maxLength: 4 }),
  program: fc.oneof(
    { depthSize: "medium", maxDepth: 5, withCrossShrink: true },
    { weight: 4, arbitrary: fc.record({ do: fc.constant("task" as const), name: name(), fails: rarely() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("run" as const), name: name(), fails: rarely() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("set" as const, "clear" as const), key: name() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("uuid" as const) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constantFrom(...combinations),
        parts: tie("parts"),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("catch" as const), part: tie("program") }) },
  ),
}));

/** Several steps in sequence, so that most workflows are activated more than once. */
export const programs: fc.Arbitrary<Program> = fc
  .array(program, { minLength: 2, maxLength: 5 })
  .map((parts) => ({ do: "sequence", parts }));

function name(): fc.Arbitrary<string> {
  return fc.constantFrom("a", "b", "c");
}

function rarely(): fc.Arbitrary<boolean> {
  return fc.nat(5).map((n) => n === 0);
}

/** Runs a program and tells, beside its value, in which order its steps ended. */
export async function runProgram(ctx: WorkflowContext, given: Program): Promise<unknown> {
  const trace: string[] = [];
  const run = async (part: Program, path: string): Promise<unknown> => {
    try {
      const value = await step(part, path);
      trace.push(`${path} ended`);
      return value;
    } catch (error) {
      trace.push(`${path} threw`);
      throw error;
    }
  };
  const all = (parts: readonly Program[], path: string) => parts.map((part, index) => run(part, `${path}/${index}`));
  const step = async (part: Program, path: string): Promise<unknown> => {
    switch (part.do) {
      case "task":
        return ctx.schedule(part.name, { path, fails: part.fails });
      case "run":
        return ctx.run(part.name, () => outside(part, path));
      case "set":
        return ctx.set(part.key, path);
      case "clear":
        return ctx.clear(part.key);
      case "uuid":
        return ctx.randomUUID();
      case "sequence": {
        const values: unknown[] = [];
        for (const [index, one] of part.parts.entries()) values.push(await run(one, `${path}/${index}`));
        return values;
      }
      case "all":
        return Promise.all(all(part.parts, path));
      case "race":
        return Promise.race(all(part.parts, path));
      // The promises are awaited in another order than their calls were made.
      case "race backwards":
        return Promise.race(all(part.parts, path).reverse());
      case "any":
        return Promise.any(all(part.parts, path));
      case "settled":
        return Promise.allSettled(all(part.parts, path)).then((ends) => ends.map((end) => end.status));
      case "catch":
        return run(part.part, `${path}/0`).catch((error: Error) => `caught ${error.message}`);
    }
  };
  const value = await run(given, "");
  return { value, trace, state: Object.fromEntries(ctx.keys().map((key) => [key, ctx.get(key)])) };
}

/** Ends after some turns of the event loop, as real outside work does, in another order than it was begun. */
async function outside(part: { name: string; fails: boolean }, path: string): Promise<string> {
  for (let turns = path.length % 3; turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
  if (part.fails) throw new Error(`${part.name} at ${path}`);
  return `ran ${part.name} at ${path}`;
}
