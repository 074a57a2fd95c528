import { setTimeout as pause } from "node:timers/promises";
import { type AnyWorkflow, FlovynClient, task, type WorkflowContext, workflow } from "@flovyn/sdk";
import { AsideLines } from "../dev/aside-lines.js";
import { checkReach } from "../dev/check-reach.js";
import { asideLine, createDemoLogger } from "../dev/demo-logger.js";
import { followHistory } from "../dev/history.js";
import { callRest } from "../dev/rest.js";
import type { DemoTarget } from "../dev/target.js";
import { print, printAside, printLines } from "../print.js";
import type { RunDemo } from "./demo.js";

const queue = "demo-bad-deploy";
const lookMs = 200;

const charge = task({ name: "charge", run: (_ctx, { month }: { month: string }) => `charged for ${month}` });
const ship = task({ name: "ship", run: (_ctx, { month }: { month: string }) => `shipped for ${month}` });

type Subscription = (ctx: WorkflowContext, input: { month: string }) => Promise<string[]>;

/** As it was when the workflow began: charge, wait for the parcel to be packed, ship. */
const rightOrder: Subscription = async (ctx, input) => {
  const charged = await ctx.schedule(charge, input);
  await ctx.waitForSignal("packed");
  return [charged, await ctx.schedule(ship, input)];
};

/** A change that looks harmless: ships first. History says that this workflow charged first. */
const wrongOrder: Subscription = async (ctx, input) => {
  const shipped = await ctx.schedule(ship, input);
  await ctx.waitForSignal("packed");
  return [shipped, await ctx.schedule(charge, input)];
};

const subscription = (run: Subscription) => workflow({ name: "subscription", run });

interface Shown {
  status: string;
  activationFailures: number;
  lastActivationFailure: { reason: string; message: string; nextTryAt: string } | null;
}

/**
 * Deploys code that does not fit the history of a running workflow, shows the workflow held with the reason, deploys the fix,
 * and the workflow completes. Errors: those of the result.
 */
export const run: RunDemo = async ({ target, json }) => {
  const say = json ? printAside : print;
  await checkReach(target);
  const aside = new AsideLines(say);
  say("deploy 1: charges, waits until the parcel is packed, ships");
  let worker = await deploy(target, subscription(rightOrder), aside);
  const ended = new AbortController();
  let followed: Promise<void> = Promise.resolve();
  try {
    const { id } = await worker.startWorkflow("subscription", { month: "December" });
    say(`workflow ${id}`);
    followed = followHistory(target, id, { signal: ended.signal, say, aside });
    followed.catch(() => {});
    await until(target, id, ({ status }) => status === "WAITING");

    await worker.stop();
    say("deploy 2: ships before it charges, which does not fit the history of the workflow that runs");
    worker = await deploy(target, subscription(wrongOrder), aside);
    await worker.signal(id, "packed");
    const held = await until(target, id, ({ activationFailures }) => activationFailures > 1);
    say(asideLine("REST", `status ${held.status}, activationFailures ${held.activationFailures}`));
    const { reason = "", message = "", nextTryAt = "" } = held.lastActivationFailure ?? {};
    say(asideLine("REST", `${reason}, next try at ${nextTryAt}`));
    say(asideLine("REST", message));

    await worker.stop();
    say("deploy 3: the code of deploy 1 again; the workflow goes on at its next try");
    worker = await deploy(target, subscription(rightOrder), aside);
    const output = await worker.getHandle(id, subscription(rightOrder)).result({ timeout: "60s" });
    ended.abort();
    await followed;
    printLines(json ? [JSON.stringify(output)] : JSON.stringify(output, null, 2).split("\n"));
  } finally {
    ended.abort();
    await followed;
    await worker.stop();
  }
};

/** A worker with this code, as a deploy brings it. */
async function deploy(target: DemoTarget, definition: AnyWorkflow, aside: AsideLines): Promise<FlovynClient> {
  const { serverUrl, httpUrl, orgId, workerToken, apiKey } = target;
  const logger = createDemoLogger(aside.say);
  const client = new FlovynClient({ serverUrl, httpUrl, orgId, workerToken, apiKey, queue, workerName: queue, logger });
  client.registerWorkflow(definition).registerTask(charge, ship);
  await client.start();
  return client;
}

async function until(target: DemoTarget, id: string, isSo: (shown: Shown) => boolean): Promise<Shown> {
  for (;;) {
    const shown = await callRest<Shown>(target, `/workflow-executions/${id}`);
    if (isSo(shown)) return shown;
    if (["COMPLETED", "FAILED", "CANCELLED"].includes(shown.status)) throw new Error(`the workflow is ${shown.status}`);
    await pause(lookMs);
  }
}
