import { z } from "zod";

/** A number of the file, or its digits in the environment. Other types are not turned into numbers. */
export const integer = (min: number, max: number) =>
  z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^-?[0-9]{1,15}$/)
          .transform(Number),
      ],
      "must be a number",
    )
    .pipe(
      z.number().int("must be a whole number").min(min, `must be at least ${min}`).max(max, `must be at most ${max}`),
    );

export const flag = z.union(
  [z.boolean(), z.enum(["true", "false", "1", "0"]).transform((text) => text === "true" || text === "1")],
  "must be true or false",
);

/** Whether something can be asked there over HTTP. */
export function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[^\s?#]+$/.test(text) && URL.canParse(text);
}
