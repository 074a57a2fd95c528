/** The promises service as a whole: its loop, its hints, its calls, its stop. */
import { hintDue } from "@flovyn/bus";
import { ResolvePromiseRequest } from "@flovyn/proto/v1";
import { waitFor } from "@flovyn/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { PromisesContext } from "../src/context.js";
import { createPromisesService } from "../src/service.js";
import { Promisers } from "./promisers.js";

let promisers: Promisers;
beforeAll(async () => {
  promisers = await Promisers.start();
});
afterAll(() => promisers.stop());

it("answers between start and stop, stops twice without complaint, and finishes what it took", async () => {
  const order = await promisers.promising(["p"]);
  const service = createPromisesService(promisers.contexts[0] as PromisesContext);
  const ask = (operation = "flovyn.v1.WorkflowDispatch/ResolvePromise") =>
    promisers.bus.request({
      ...{ service: "promises", operation, requestId: "request", traceparent: "", timeoutMs: 10_000 },
      caller: { orgId: promisers.orgId, principalType: "User", principalId: "ann" },
      payload: ResolvePromiseRequest.encode({ promiseId: `${order.id}:p`, value: Buffer.from("1") }).finish(),
    });
  await expect(ask()).rejects.toMatchObject({ code: "Unavailable" });
  await service.start();
  const taken = ask();
  await Promise.all([service.stop(), service.stop()]);
  await expect(taken).resolves.toEqual(new Uint8Array());
  await expect(ask()).rejects.toMatchObject({ code: "Unavailable" });
  expect(await promisers.settlements(order)).toHaveLength(1);
});

it("times out what is overdue when it starts, and what a hint tells of later", async () => {
  const overdue = await promisers.promising(["p"], 0);
  const service = createPromisesService(promisers.contexts[1] as PromisesContext);
  await service.start();
  await waitFor("the overdue promise", async () => (await promisers.settlements(overdue)).length === 1);
  const hinted = await promisers.promising(["p"], 60_000);
  promisers.clock.advance(60_000);
  hintDue(promisers.bus, "promises", [promisers.clock.now()], promisers.clock.now());
  await waitFor("the hinted promise", async () => (await promisers.settlements(hinted)).length === 1);
  await service.stop();
});
