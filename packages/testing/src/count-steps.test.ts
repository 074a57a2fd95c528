/**
 * A counter that misses a kind of pass would let quadratic code through. So the passes that are easily written by mistake
 * are counted at two sizes: twice the elements are twice the steps where each is looked at once, and four times the steps
 * where all are looked at for each.
 */
import { describe, expect, it } from "vitest";
import { countSteps } from "./count-steps.js";

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

const growth = async (work: (count: number) => void) => {
  const [once, twice] = [await countSteps(async () => work(1_000)), await countSteps(async () => work(2_000))];
  return twice / once;
};

const quadratic: Record<string, (count: number) => void> = {
  find: (count) => {
    const all = numbers(count);
    for (const one of all) all.find((other) => other === one);
  },
  "a loop in a loop": (count) => {
    let sum = 0;
    for (let one = 0; one < count; one++) for (let other = 0; other < count; other++) sum += other;
    expect(sum).toBeGreaterThan(0);
  },
  includes: (count) => {
    const all = numbers(count);
    for (const one of all) all.includes(one);
  },
  "a spread of what was there before": (count) => {
    let all: number[] = [];
    for (const one of numbers(count)) all = [...all, one];
  },
  "a spread of a map": (count) => {
    const all = new Map(numbers(count).map((one) => [one, one]));
    for (let one = 0; one < count; one++) expect([...all.values()][one]).toBe(one);
  },
  shift: (count) => {
    const all = numbers(count);
    while (all.length > 0) all.shift();
  },
};

describe("steps", () => {
  it.each(Object.keys(quadratic))("of %s for each element grow with the square", async (name) => {
    expect(await growth(quadratic[name] as (count: number) => void)).toBeGreaterThan(3.5);
  });

  it("of a look into a map for each element grow with the elements", async () => {
    const linear = (count: number) => {
      const all = new Map(numbers(count).map((one) => [one, one]));
      for (let one = 0; one < count; one++) if (all.get(one) !== one) throw new Error("lost");
    };
    expect(await growth(linear)).toBeLessThan(2.2);
  });
});
