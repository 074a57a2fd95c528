/**
 * Rejects promises that are not awaited: inside a workflow, with the argument `twice` in two activations of it, or, with
 * `outside`, anywhere else.
 */
import { guardAbandonedRejections } from "../../src/engine/abandoned-rejections.js";
import { runActivation } from "../../src/engine/run-activation.js";
import { silentLogger, workflow } from "../../src/index.js";
import { stderrLogger } from "../../src/logger.js";

guardAbandonedRejections(stderrLogger);

if (process.argv[2] === "outside") {
  void Promise.reject(new Error("nobody expected this"));
} else {
  const abandoning = workflow({
    name: "abandoning",
    async run(ctx) {
      void (async () => {
        await ctx.run("fails", () => {
          throw new Error("a loser");
        });
      })();
      void (async () => {
        await null;
        throw new Error("another loser");
      })();
      return ctx.run("works", () => "won");
    },
  });
  const activation = {
    executionId: "0192f0c1-2f6e-7c7a-9a3b-0d5b6a7c8d9e",
    input: Buffer.from("null"),
    timeMillis: 1,
    history: [],
  };
  const activate = () => runActivation(abandoning, activation, { log: silentLogger });
  if (process.argv[2] === "twice") await activate();
  const { outcome } = await activate();
  setImmediate(() => process.stdout.write(`${outcome.status}\n`));
}
