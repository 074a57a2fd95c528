import { workflow } from "../src/definitions/workflow.js";
import type { WorkflowContext } from "../src/definitions/workflow-context.js";
import { decodeJson } from "../src/json.js";
import { TestServer } from "../src/testing/test-server.js";
import { activate } from "./activate.js";

/** What a call does with options: the text of its refusal, or undefined when it took them. */
export type Attempt = (options: never) => Promise<string | undefined>;

export const synchronous =
  (call: (options: never) => unknown): Attempt =>
  async (options) => {
    try {
      call(options);
      return undefined;
    } catch (error) {
      return refusal(error);
    }
  };

export const inWorkflow =
  (call: (ctx: WorkflowContext, options: never) => unknown): Attempt =>
  async (options) => {
    const { outcome } = await activate(async (ctx) => {
      const result = Promise.resolve(call(ctx, options)).catch((error: unknown) => refusal(error));
      return Promise.race([result, ctx.run("soon", () => null)]);
    });
    if (outcome.status !== "COMPLETED") throw new Error(`the workflow is ${JSON.stringify(outcome)}`);
    return (decodeJson(outcome.output) as string | null) ?? undefined;
  };

export const bySender =
  (call: (server: TestServer, options: never) => Promise<unknown>): Attempt =>
  async (options) => {
    const server = new TestServer({ workflows: [workflow({ name: "order", run: (ctx) => ctx.waitForSignal("go") })] });
    return call(server, options).then(
      () => undefined,
      (error: unknown) => refusal(error),
    );
  };

export function refusal(error: unknown): string {
  if (error instanceof RangeError) return error.message;
  throw error;
}
