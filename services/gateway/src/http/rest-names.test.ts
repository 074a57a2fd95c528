import { DomainError, invalidField } from "@flovyn/domain";
import { StartWorkflowRequest, SubmitTaskRequest } from "@flovyn/proto/v1";
import { describe, expect, it } from "vitest";
import { restName, withRestName } from "./rest-names.js";
import { startWorkflowBody, submitTaskBody } from "./routes/schemas.js";

describe("the name that REST has for a field of a message", () => {
  it.each([
    ["a start", StartWorkflowRequest, startWorkflowBody],
    ["a task", SubmitTaskRequest, submitTaskBody],
  ] as const)("is that of a member of the body, for every member of %s", (_what, message, body) => {
    const members = Object.keys(body.shape);
    const fields = Object.keys(message.fromPartial({})).map((name) =>
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    );
    const named = fields.map(restName);
    // What a message has beyond the body comes from the path and the headers.
    for (const member of members) expect(named).toContain(member);
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
