import { safely } from "../thrown/safely.js";
import { type Check, wrong } from "./checks.js";

type AnyCheck = Check<unknown> & { readonly required?: true };
type AnyTable = Readonly<Record<string, AnyCheck>>;

/**
 * How each option of a call is checked. `satisfies OptionTable<StartOptions>` makes an option without a check, and a check
 * without an option, an error of the types.
 */
export type OptionTable<Options> = { readonly [Name in keyof Options]-?: AnyCheck };

/** The values of options in the form in which they are used; undefined for those that were left out. */
export type Read<Table extends AnyTable> = {
  readonly [Name in keyof Table]: ReturnType<Table[Name]> | (Table[Name] extends Needed ? never : undefined);
};

/** The mark of a check that `required` made. */
export interface Needed {
  readonly required: true;
}

/** An option that must not be left out. */
export function required<Value>(check: Check<Value>): Check<Value> & Needed {
  return Object.assign((value: unknown, field: string) => check(value, field), { required: true } as const);
}

/**
 * Checks the options of one call. `where` stands before their names: `ctx.promise("x"): `. Options that are not known are
 * refused, because a misspelt one would be passed over in silence. Errors: RangeError naming the option and what is allowed.
 */
export function readOptions<Table extends AnyTable>(given: unknown, where: string, table: Table): Read<Table> {
  const options = given === undefined ? {} : asObject(given, where);
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(table, name) && options[name] !== undefined);
  if (unknown !== undefined) {
    throw new RangeError(`${where}${unknown}: is not known here; known are ${Object.keys(table).join(", ")}`);
  }
  return checkAll(options, where, table);
}

/** The same for objects that may have members of their own besides, as those that definitions are made from. */
export function readMembers<Table extends AnyTable>(given: unknown, where: string, table: Table): Read<Table> {
  return checkAll(asObject(given, where), where, table);
}

function checkAll<Table extends AnyTable>(given: Record<string, unknown>, where: string, table: Table): Read<Table> {
  const read: Record<string, unknown> = {};
  for (const [name, check] of Object.entries(table)) {
    const value = given[name];
    const leftOut = value === undefined && check.required === undefined;
    read[name] = leftOut ? undefined : check(value, `${where}${name}`);
  }
  return read as Read<Table>;
}

function asObject(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && safely(() => Array.isArray(value)) !== true) {
    return value as Record<string, unknown>;
  }
  // Behind a dot they are the members of an option, which has a name of its own.
  throw wrong(where.endsWith(".") ? where.slice(0, -1) : `${where}options`, "an object", value);
}
