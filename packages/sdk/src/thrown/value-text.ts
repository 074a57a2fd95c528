import { inspect } from "node:util";
import { safely } from "./safely.js";

const valuesMax = 1000;
const elementsMax = 100;
const stringLengthMax = 8192;

/** Any value as text for people, bounded: texts as they are, objects as JSON. Never throws. */
export function valueText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return String(value);
  const json = typeof value === "object" ? jsonText(value) : undefined;
  // What keeps all it has in private members or behind getters has no JSON to speak of.
  return json === undefined || json === "{}" || json === "null" ? inspected(value) : json;
}

/** Undefined when there is no JSON form. */
function jsonText(value: object): string | undefined {
  let left = valuesMax;
  const bounded = (_key: string, held: unknown): unknown => {
    left -= 1;
    if (left < 0) return undefined;
    if (typeof held === "string" && held.length > stringLengthMax) return `${held.slice(0, stringLengthMax)}…`;
    if (typeof held === "bigint") return String(held);
    return Array.isArray(held) && held.length > elementsMax ? held.slice(0, elementsMax) : held;
  };
  return safely(() => JSON.stringify(value, bounded));
}

/** Runs no code of the value: a proxy is shown by its target, and getters are named only. */
function inspected(value: object): string {
  const options = { customInspect: false, breakLength: Number.POSITIVE_INFINITY, maxStringLength: stringLengthMax };
  return safely(() => inspect(value, options)) ?? `a thrown ${typeof value} that cannot be shown`;
}
