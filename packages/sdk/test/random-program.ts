import fc from "fast-check";
import type { WorkflowContext } from "../src/definitions/workflow-context.js";

/** A workflow as a tree, so that property tests can make up workflows. */
export type Program =
  | { readonly do: "task" | "run" | "child"; readonly name: string; readonly fails: boolean }
  | { readonly do: "set" | "clear"; readonly key: string }
  | { readonly do: "uuid" | "sleep" | "sleep cut at once" }
  | { readonly do: Named; readonly name: string }
  | { readonly do: Combination; readonly parts: readonly Program[] }
  | { readonly do: Frame; readonly part: Program };

type Named = Waits | "resolve" | "look" | "drain" | "hang in time" | "run or signal";
type Waits = "promise" | "wait" | "wait in time" | "first signal" | "any signal";
type Combination = "sequence" | "all" | "race" | "race backwards" | "any" | "settled";
/** A step with something around it: a timer that the step's end cancels, a child that it cancels, and so on. */
type Frame = "catch" | "in time" | "cuts sleep" | "cuts child";

const combinations: readonly Combination[] = ["sequence", "all", "race", "race backwards", "any", "settled"];

/** Of tasks, operations, children, promises, signals and state keys. */
export const names = ["a", "b", "c"] as const;

const waits: readonly Waits[] = ["promise", "wait", "wait in time", "first signal", "any signal"];

/**
 * Workflows whose history depends on nothing but the order of what happens to them: when activations happen does not matter.
 * Operations are not among it: they end in the time of the process.
 */
export const orderlyPrograms = programsOf(waits, ["catch", "in time", "cuts sleep"], 0);

/**
 * Workflows that may also run operations, look for signals, resolve promises of their own, and end children: which of these
 * an activation does before something else happens depends on when it runs.
 */
export const endingPrograms = programsOf(
  [...waits, "run or signal", "resolve", "look", "look", "drain"],
  ["catch", "in time", "cuts sleep", "cuts child"],
  3,
);

/** The same, where operations may also hang, with a limit of time. */
export const programs = programsOf(
  [...waits, "hang in time", "run or signal", "resolve", "look", "look", "drain"],
  ["catch", "in time", "cuts sleep", "cuts child"],
  3,
);

/** Several steps in sequence, so that most workflows are activated more than once. */
function programsOf(named: readonly Named[], frames: readonly Frame[], runs: number): fc.Arbitrary<Program> {
  const { program } = fc.letrec<{ program: Program; parts: Program[] }>((tie) => ({
    parts: fc.array(tie("program"), { minLength: 1, maxLength: 4 }),
    program: fc.oneof(
      { depthSize: "medium", maxDepth: 5, withCrossShrink: true },
      { weight: 4, arbitrary: fc.record({ do: fc.constant("task" as const), name: name(), fails: rarely() }) },
      { weight: runs, arbitrary: fc.record({ do: fc.constant("run" as const), name: name(), fails: rarely() }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("child" as const), name: name(), fails: rarely() }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("set" as const, "clear" as const), key: name() }) },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constantFrom("uuid" as const, "sleep" as const, "sleep cut at once" as const) }),
      },
      { weight: 6, arbitrary: fc.record({ do: fc.constantFrom(...named), name: name() }) },
      { weight: 6, arbitrary: fc.record({ do: fc.constantFrom(...combinations), parts: tie("parts") }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constantFrom(...frames), part: tie("program") }) },
    ),
  }));
  return fc.array(program, { minLength: 2, maxLength: 5 }).map((parts) => ({ do: "sequence", parts }));
}

function name(): fc.Arbitrary<string> {
  return fc.constantFrom(...names);
}

function rarely(): fc.Arbitrary<boolean> {
  return fc.nat(5).map((n) => n === 0);
}

/** Runs a program and tells, beside its value, in which order its steps ended and how. `trace` grows while it runs. */
export async function runProgram(ctx: WorkflowContext, given: Program, trace: string[] = []): Promise<unknown> {
  const run = async (part: Program, path: string): Promise<unknown> => {
    try {
      const value = await step(ctx, part, path, run);
      trace.push(`${path} ended: ${JSON.stringify(value)}`);
      return value;
    } catch (error) {
      trace.push(`${path} threw: ${error}`);
      throw error;
    }
  };
  const value = await run(given, "");
  return { value, trace, state: Object.fromEntries(ctx.keys().map((key) => [key, ctx.get(key)])) };
}

type RunPart = (part: Program, path: string) => Promise<unknown>;

async function step(ctx: WorkflowContext, part: Program, path: string, run: RunPart): Promise<unknown> {
  switch (part.do) {
    case "task":
      return ctx.schedule(part.name, { path, fails: part.fails });
    case "run":
      return ctx.run(part.name, () => outside(part, path));
    case "child":
      return ctx.scheduleWorkflow(part.name, { path, fails: part.fails });
    case "set":
      return ctx.set(part.key, path);
    case "clear":
      return ctx.clear(part.key);
    case "uuid":
      return ctx.randomUUID();
    case "sleep":
      return ctx.sleep("1m");
    case "sleep cut at once": {
      const sleep = ctx.sleep("1m");
      sleep.cancel();
      return sleep;
    }
    case "promise":
      return ctx.promise(part.name, { timeout: "1m" });
    case "resolve":
      return ctx.resolvePromise(part.name, `resolved at ${path}`);
    case "wait":
      return ctx.waitForSignal(part.name);
    case "wait in time":
      return ctx.withTimeout(ctx.waitForSignal(part.name), "1m");
    case "first signal":
      return ctx.race([ctx.waitForSignal(part.name), ctx.waitForSignal("b"), ctx.sleep("1m")]);
    case "any signal":
      return ctx.any([ctx.sleep("1m"), ctx.waitForSignal("b"), ctx.waitForSignal(part.name)]);
    case "run or signal":
      return ctx.race([ctx.run(part.name, () => outside({ ...part, fails: false }, path)), ctx.waitForSignal("b")]);
    case "hang in time":
      return ctx.withTimeout(
        ctx.run(part.name, () => new Promise<never>(() => {})),
        "1m",
      );
    case "look":
      return ctx.hasSignal(part.name);
    case "drain":
      return ctx.drainSignals(part.name);
    case "catch":
      return run(part.part, `${path}/0`).catch((error: Error) => `caught ${error.message}`);
    case "in time":
      return ctx.withTimeout(run(part.part, `${path}/0`), "1m");
    case "cuts sleep": {
      const sleep = ctx.sleep("1m");
      const value = await run(part.part, `${path}/0`).finally(() => sleep.cancel());
      return [value, await sleep.then(() => "slept").catch(String)];
    }
    case "cuts child": {
      const child = ctx.scheduleWorkflow("cut", { path, fails: false });
      const value = await run(part.part, `${path}/0`).finally(() => child.cancel("not needed"));
      return [value, await child.catch(String)];
    }
    default:
      return combine(part, path, run);
  }
}

async function combine(part: Extract<Program, { do: Combination }>, path: string, run: RunPart): Promise<unknown> {
  const all = () => part.parts.map((one, index) => run(one, `${path}/${index}`));
  switch (part.do) {
    case "sequence": {
      const values: unknown[] = [];
      for (const [index, one] of part.parts.entries()) values.push(await run(one, `${path}/${index}`));
      return values;
    }
    case "all":
      return Promise.all(all());
    case "race":
      return Promise.race(all());
    // The promises are awaited in another order than their calls were made.
    case "race backwards":
      return Promise.race(all().reverse());
    case "any":
      return Promise.any(all());
    case "settled":
      return Promise.allSettled(all()).then((ends) => ends.map((end) => end.status));
  }
}

/** Ends after some turns of the event loop, as real outside work does, in another order than it was begun. */
async function outside(part: { name: string; fails: boolean }, path: string): Promise<string> {
  for (let turns = path.length % 3; turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
  if (part.fails) throw new Error(`${part.name} at ${path}`);
  return `ran ${part.name} at ${path}`;
}
