import { cutText } from "@flovyn/domain";
import { valueText } from "../thrown/value-text.js";

const shownMax = 80;

/** A value as refusals show it: `"weird"`, `-1`, `{"a":1}`. Never throws. */
export function shown(value: unknown): string {
  const text = cutText(valueText(value), shownMax);
  return typeof value === "string" ? JSON.stringify(text) : text;
}
