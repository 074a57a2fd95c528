// Goal: every form in which a caller may name a promise is read, and nothing else.
import { describe, expect, it } from "vitest";
import { parsePromiseRef } from "./promise-ref.js";

const id = "01a1fd39-0000-7000-8000-00000000000a";

describe("a promise is named", () => {
  it.each([
    [id, { id }],
    [id.toUpperCase(), { id }],
    [`id:${id.toUpperCase()}`, { id }],
    ["key:stripe:ch_1/2", { key: "stripe:ch_1/2" }],
    ["key:id:x", { key: "id:x" }],
    [`${id}:approval`, { workflowId: id, name: "approval" }],
    [`${id.toUpperCase()}/approval`, { workflowId: id, name: "approval" }],
    [`${id}:a:b/c`, { workflowId: id, name: "a:b/c" }],
    [`${id}/a:b/c`, { workflowId: id, name: "a:b/c" }],
  ])("by %j", (text, expected) => {
    expect(parsePromiseRef(text, "promise_id")).toEqual(expected);
  });

  it.each([
    ...["", " ", ":", "/", "approval", "id:", `id/${id}`, "id:approval", "key:", "key/x", "key: ", "key"],
    ...[`${id}:`, `${id}: `, `x${id}:approval`, "order:approval", `key:${"x".repeat(256)}`, `${id}:${"x".repeat(256)}`],
    ...["key:a\0b", `${id}:a\0b`],
  ])("by none of %j", (text) => {
    expect(() => parsePromiseRef(text, "promise_id")).toThrow(
      expect.objectContaining({ code: "InvalidInput", field: "promise_id" }),
    );
  });
});
