import { invalidField } from "@flovyn/domain";

/** Limits of one org, in place of those of its tier. */
export interface OrgQuotas {
  /** Calls in a second, on average, at each gateway. */
  requestsPerSecond?: number;
  /** Calls at once, after a time without any. */
  requestBurst?: number;
  /** Worker tokens that are valid at the same time. */
  workerTokens?: number;
}

export const workerTokensDefault = 1000;

const bounds: Readonly<Record<keyof OrgQuotas, number>> = {
  requestsPerSecond: 1_000_000,
  requestBurst: 1_000_000,
  workerTokens: 100_000,
};

/** Errors: InvalidInput naming the quota. */
export function parseQuotas(text: string): OrgQuotas {
  if (text === "") return {};
  const quotas = parseObject(text);
  for (const [name, value] of Object.entries(quotas)) {
    const max = Object.hasOwn(bounds, name) ? bounds[name as keyof OrgQuotas] : undefined;
    if (max === undefined)
      throw invalidField("quotas", `has no ${name.slice(0, 50)}, only ${Object.keys(bounds).join(", ")}`);
    if (!Number.isInteger(value) || Number(value) < 1 || Number(value) > max) {
      throw invalidField(`quotas.${name}`, `must be a whole number from 1 to ${max}`);
    }
  }
  return quotas;
}

function parseObject(text: string): OrgQuotas {
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === "object" && !Array.isArray(value)) return value as OrgQuotas;
  } catch {
    // The same answer as for other JSON than an object.
  }
  throw invalidField("quotas", "must be an object");
}
