import { expect, it } from "vitest";
import { addRevenue } from "./sales.js";

it("adds by product, in the order of the names", () => {
  const sum = addRevenue([{ tea: 1, cup: 2 }, {}, { tea: 10, pot: 5 }]);
  expect(JSON.stringify(sum)).toBe('{"cup":2,"pot":5,"tea":11}');
});

it("does not mistake a product for a member of every object", () => {
  expect(addRevenue([{ constructor: 3 } as never, { constructor: 4 } as never])).toEqual({ constructor: 7 });
});
