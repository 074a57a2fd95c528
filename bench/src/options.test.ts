import { describe, expect, it } from "vitest";
import { parseOptions } from "./options.js";

describe("parseOptions", () => {
  it("takes the defaults of the workload", () => {
    expect(parseOptions(["w1"])).toMatchObject({ workflows: 3000, concurrency: 128, repeats: 3, client: "unary" });
    expect(parseOptions(["w4", "--client", "sdk"])).toMatchObject({ workflows: 200, concurrency: 4, client: "sdk" });
    expect(parseOptions(["w6"])).toMatchObject({ timers: 100_000, perWorkflow: 1000, overMs: 60_000, leadMs: 30_000 });
    expect(parseOptions(["w7"])).toMatchObject({ wakes: 3000, perWorkflow: 10, samples: 200 });
  });

  it("needs less time to arm fewer timers, and takes the time it is given", () => {
    expect(parseOptions(["w6", "--timers", "5000"])).toMatchObject({ leadMs: 7000 });
    expect(parseOptions(["w6", "--timers", "5000", "--lead", "9"])).toMatchObject({ leadMs: 9000 });
  });

  it("has no more timers in a workflow than there are", () => {
    expect(parseOptions(["w6", "--timers", "50"])).toMatchObject({ timers: 50, perWorkflow: 50 });
  });

  it.each([
    [["w5"], "workload: w5 is not one of"],
    [[], "name one workload"],
    [["w1", "w2"], "name one workload"],
    [["w1", "--timers", "10"], "--timers: not an option of w1"],
    [["w6", "--workflows", "10"], "--workflows: not an option of w6"],
    [["w7", "--resume", "after"], "--resume: not an option of w7"],
    [["w6", "--resume", "never"], "--resume: never is not one of during, after"],
    [["w6", "--client", "sdk"], "--client: w6 has no sdk client"],
    [["w1", "--repeat", "0"], "--repeat: 0 is not a whole number from 1 to 25"],
    [["w1", "--workers", "1.5"], "--workers: 1.5 is not a whole number"],
    [["w6", "--timers", "1500"], "--timers: 1500 is not a multiple of --per-workflow, 1000"],
    [["w1", "--fast"], "--fast"],
  ])("refuses %j, naming what is wrong", (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});
