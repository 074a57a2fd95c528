import type { DomainError } from "@flovyn/domain";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ServiceName } from "./bus.js";
import * as errors from "./request-errors.js";

/** Every way in which a request fails on its way. A new one has to be added here: the test below counts them. */
const failures: Readonly<Record<string, (operation: string, service: ServiceName) => DomainError>> = {
  timedOut: (operation) => errors.timedOut(operation, 12.3),
  nobodyServes: (operation, service) => errors.nobodyServes(service, operation),
  busClosed: errors.busClosed,
  brokerAway: errors.brokerAway,
  replicaLost: (operation, service) => errors.replicaLost(service, operation),
  tooManyOpen: errors.tooManyOpen,
  noRoom: errors.noRoom,
  chunksStopped: errors.chunksStopped,
  requestTooLarge: (operation) => errors.requestTooLarge(operation, 17, 16),
  replyTooLarge: (operation) => errors.replyTooLarge(operation, 17, 16),
};
const helpers = ["usableTimeoutMs", "countRequestError", "publicName"];

describe("the text of a request that failed on its way", () => {
  it("is tested for every way", () => {
    const exported = Object.entries(errors).filter(([name, value]) => {
      return typeof value === "function" && !helpers.includes(name);
    });
    expect(exported.map(([name]) => name).sort()).toEqual(Object.keys(failures).sort());
  });

  it.each(Object.entries(failures))("%s names no operation and no service of the inside", (_name, fail) => {
    const service = fc.constantFrom<ServiceName>("dispatch", "tasks", "timers", "promises");
    const name = fc.stringMatching(/^X[A-Z][a-z]{3,10}$/);
    fc.assert(
      fc.property(name, service, (inner, of) => {
        const { message, context } = fail(`internal/${inner}`, of);
        expect(message).toMatch(/^the request\b/);
        expect(message).not.toMatch(new RegExp(`internal|broker|${inner}|\\b${of}\\b`));
        expect(context).toMatchObject({ operation: `internal/${inner}` });
      }),
    );
  });

  it.each(Object.entries(failures))("%s names an RPC of the public protocols as its caller does", (_name, fail) => {
    expect(fail("flovyn.v1.TaskExecution/PollTask", "tasks").message).toMatch(/^flovyn\.v1\.TaskExecution\/PollTask\b/);
  });
});
