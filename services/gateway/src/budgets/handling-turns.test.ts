import { ActiveOrgs } from "@flovyn/runtime";
import { describe, expect, it } from "vitest";
import { HandlingTurns } from "./handling-turns.js";

const call = (handle: () => void) => ({ handle });
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("calls that have arrived", () => {
  it("are handled at once while one org calls alone", () => {
    const turns = new HandlingTurns(new ActiveOrgs(() => 0));
    const handled: number[] = [];
    for (let n = 0; n < 3; n++)
      turns.run(
        "a",
        call(() => handled.push(n)),
      );
    expect(handled).toEqual([0, 1, 2]);
  });

  it("are handled one of each org in a turn while several call, each org's in their order", async () => {
    const turns = new HandlingTurns(new ActiveOrgs(() => 0));
    const handled: string[] = [];
    turns.run(
      "b",
      call(() => {}),
    );
    for (let n = 0; n < 5; n++)
      turns.run(
        "a",
        call(() => handled.push(`a${n}`)),
      );
    expect(handled).toEqual([]);
    turns.run(
      "b",
      call(() => handled.push("b0")),
    );
    await turn();
    expect(handled).toEqual(["a0", "b0"]);
    turns.run(
      "b",
      call(() => handled.push("b1")),
    );
    for (let n = 0; n < 6; n++) await turn();
    expect(handled).toEqual(["a0", "b0", "a1", "b1", "a2", "a3", "a4"]);
  });

  it("are handled at once again when the others have not called for a while, after those that wait", async () => {
    let nowMs = 1000;
    const turns = new HandlingTurns(new ActiveOrgs(() => nowMs));
    const handled: string[] = [];
    turns.run(
      "b",
      call(() => {}),
    );
    turns.run(
      "a",
      call(() => handled.push("first")),
    );
    nowMs += 2001;
    turns.run(
      "a",
      call(() => handled.push("second")),
    );
    for (let n = 0; n < 3; n++) await turn();
    turns.run(
      "a",
      call(() => handled.push("third")),
    );
    expect(handled).toEqual(["first", "second", "third"]);
  });
});
