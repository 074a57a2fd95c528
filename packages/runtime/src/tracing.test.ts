import { describe, expect, it } from "vitest";
import { childOf, newTraceparent, parseTraceparent } from "./tracing.js";

const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const span = "00f067aa0ba902b7";

describe("traceparent", () => {
  it("makes contexts that it accepts, each of its own", () => {
    const made = newTraceparent();
    expect(made).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(parseTraceparent(made)).toBe(made);
    expect(newTraceparent()).not.toBe(made);
  });

  it("keeps trace and flags in a child, and gives it a span of its own", () => {
    const child = childOf(`00-${trace}-${span}-00`);
    expect(child).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-00$`));
    expect(child).not.toContain(span);
  });

  it.each([
    "",
    "garbage",
    `00-${trace}-${span}`,
    `00-${trace.toUpperCase()}-${span}-01`,
    `00-${"0".repeat(32)}-${span}-01`,
    `00-${trace}-${"0".repeat(16)}-01`,
    `ff-${trace}-${span}-01`,
    `00-${trace}-${span}-01\n`,
  ])("takes %j for none", (text) => {
    expect(parseTraceparent(text)).toBe("");
    expect(childOf(text)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });
});
