import { describe, expect, it } from "vitest";
import { parseOptions } from "./options.js";

describe("parseOptions", () => {
  it("takes the defaults of the workload", () => {
    expect(parseOptions(["w1"])).toMatchObject({ workflows: 3000, concurrency: 128, repeats: 3, client: "unary" });
    expect(parseOptions(["w4", "--client", "sdk"])).toMatchObject({ workflows: 200, concurrency: 4, client: "sdk" });
  });

  it.each([
    [["w5"], "workload: w5 is not one of"],
    [[], "name one workload"],
    [["w1", "w2"], "name one workload"],
    [["w1", "--repeat", "0"], "--repeat: 0 is not a whole number from 1 to 25"],
    [["w1", "--workers", "1.5"], "--workers: 1.5 is not a whole number"],
    [["w1", "--fast"], "--fast"],
  ])("refuses %j, naming what is wrong", (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});
