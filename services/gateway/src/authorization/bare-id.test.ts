import { formatExecutionId } from "@flovyn/domain";
import { expect, it } from "vitest";
import { bareId } from "./bare-id.js";

const id = "0190a5c0-0000-7000-8000-00000000000a";

it.each([
  [id, id],
  [id.toUpperCase(), id],
  [formatExecutionId(id, 3), id],
  [`id:${id}`, id],
  [`id:${id.toUpperCase()}`, id],
  ["key:approval", undefined],
  [`${id}:approval`, undefined],
  ["nonsense", undefined],
  ["", undefined],
  [undefined, undefined],
])("%j is the id %j to policies", (text, bare) => {
  expect(bareId(text)).toBe(bare);
});
