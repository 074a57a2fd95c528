import { DomainError, invalidField } from "@flovyn/domain";
import { describe, expect, it } from "vitest";
import { restName, withRestName } from "./rest-names.js";

describe("the name that REST has for a field of a message", () => {
  it.each([
    ["metadata.team_id", "metadata.team_id"],
    ["quotas[request_burst]", "quotas[request_burst]"],
    ["idempotency_key.some_key", "idempotencyKey.some_key"],
    ["constructor", "constructor"],
  ])("does not change what is below it: %s is %s", (field, name) => {
    expect(restName(field)).toBe(name);
  });

  it("stands in the text of an error as well, and leaves the rest as it is", () => {
    const error = withRestName(invalidField("idempotency_key", "must have at most 255 characters", { reason: "LONG" }));
    expect(error).toMatchObject({
      code: "InvalidInput",
      message: "idempotencyKey: must have at most 255 characters",
      field: "idempotencyKey",
      reason: "LONG",
    });
  });

  it("does not touch errors about nothing, or about what has one name", () => {
    const errors = [
      new DomainError("NotFound", "no such workflow"),
      invalidField("queue", "must not be blank"),
      new Error("x"),
    ];
    for (const error of errors) expect(withRestName(error)).toBe(error);
  });
});
