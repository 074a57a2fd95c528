import { createInProcessBus } from "@flovyn/bus";
import { newId } from "@flovyn/domain";
import { ResolveOrgRequest } from "@flovyn/proto/internal";
import { loadConfig } from "@flovyn/runtime";
import { expect, it } from "vitest";
import { createDispatchService } from "../src/service.js";
import { Harness } from "./harness.js";

it("pitfall 46 has the configured organizations in the database before it answers, and follows their changes", async () => {
  const harness = await new Harness().start(1);
  const { context } = harness;
  const bus = createInProcessBus({ log: context.log });
  const id = newId();
  const serviceFor = (name: string) => {
    const orgs = [{ id, name, slug: "acme", tier: "PRO" }];
    return createDispatchService({ ...context, bus, config: loadConfig({ env: {}, overrides: { orgs } }) });
  };
  const ask = () =>
    bus.request({
      ...{ service: "dispatch", operation: "internal/ResolveOrg", caller: harness.caller, requestId: "request" },
      ...{ traceparent: "", timeoutMs: 10_000, payload: ResolveOrgRequest.encode({ slug: "acme", id: "" }).finish() },
    });
  const first = serviceFor("Acme");
  await expect(ask()).rejects.toMatchObject({ code: "Unavailable" });
  await first.start();
  await ask();
  const second = serviceFor("Acme Ltd");
  await second.start();
  expect(await harness.rows("select name, tier from organization where id = $1", [id])).toEqual([
    { name: "Acme Ltd", tier: "PRO" },
  ]);
  await Promise.all([first.stop(), second.stop(), second.stop()]);
  await expect(ask()).rejects.toMatchObject({ code: "Unavailable" });
  await harness.stop();
});

it("names an organization of the configuration whose slug another one has, and leaves both alone", async () => {
  const harness = await new Harness().start(1);
  const { context } = harness;
  const [taken, fresh] = [
    { id: newId(), name: "Acme", slug: harness.otherOrgId.replaceAll("-", "x"), tier: "PRO" },
    { id: newId(), name: "Fresh", slug: "fresh", tier: "PRO" },
  ];
  await harness.rows("update organization set slug = $1 where id = $2", [taken.slug, harness.otherOrgId]);
  const config = loadConfig({ env: {}, overrides: { orgs: [fresh, taken] } });
  const service = createDispatchService({ ...context, bus: createInProcessBus({ log: context.log }), config });
  await expect(service.start()).rejects.toThrow(
    `orgs[1].slug: ${taken.slug} is the slug of another organization, ${harness.otherOrgId}`,
  );
  expect(await harness.rows("select id from organization where name in ('Acme', 'Fresh')")).toEqual([]);
  await harness.stop();
});
