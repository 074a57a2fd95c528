import { Placeholder, type SQL, sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import type { Executor } from "./database.js";

/** How a column of a row set travels: as one array, or, for `bytea`, as slices of one shared block of bytes. */
type ColumnType = "uuid" | "text" | "int" | "bigint" | "float8" | "bool" | "timestamptz" | "jsonb" | "bytea";

type ColumnValue<Type extends ColumnType> = Type extends "int" | "bigint" | "float8" | "timestamptz"
  ? number | null
  : Type extends "bool"
    ? boolean | null
    : Type extends "bytea"
      ? Uint8Array | null
      : string | null;

type RowSpec = Readonly<Record<string, ColumnType>>;
type RowOf<Spec extends RowSpec> = { readonly [Column in keyof Spec]: ColumnValue<Spec[Column]> };
type RowSets = Readonly<Record<string, RowSpec>>;

/** A single parameter. Times are epoch milliseconds and are named in `times`. */
type Scalar = string | number | boolean | null | Uint8Array | readonly string[];

type Params<Scalars extends string, Sets extends RowSets> = { readonly [Name in Scalars]: Scalar } & {
  readonly [Name in keyof Sets]: readonly RowOf<Sets[Name]>[];
};

/** A named, prepared statement. `run` returns its rows. */
export interface Statement<Row, Scalars extends string, Sets extends RowSets> {
  readonly name: string;
  readonly text: string;
  run(tx: Executor, params: Params<Scalars, Sets>): Promise<Row[]>;
}

interface Fragments<Scalars extends string, Sets extends RowSets> {
  /** A scalar parameter. Cast it where Postgres cannot tell the type. */
  param(name: Scalars): SQL;
  /** A time parameter: epoch milliseconds in, timestamptz in the statement. */
  time(name: Scalars): SQL;
  /** A row set as a table expression named after itself, in the order the rows were given (`ordinal` from 1). */
  rows(name: keyof Sets & string): SQL;
}

const dialect = new PgDialect();

/**
 * Defines a statement. `Row` is what one result row looks like; `sets` are the row sets that travel as arrays through
 * `unnest`, so that a batch of any size is one statement with one plan.
 */
export function statement<Row>() {
  return <const Scalars extends string, const Sets extends RowSets = Record<never, RowSpec>>(
    name: string,
    shape: { params: readonly Scalars[]; sets?: Sets },
    build: (fragments: Fragments<Scalars, Sets>) => SQL,
  ): Statement<Row, Scalars, Sets> => {
    const sets = (shape.sets ?? {}) as Sets;
    const query = dialect.sqlToQuery(
      sql`${sql.raw(`/* ${name} */\n`)}${build({
        param: (param) => sql`${sql.placeholder(param)}`,
        time: (param) => sql`to_timestamp(${sql.placeholder(param)}::float8 / 1000)`,
        rows: (set) => rowSet(set, sets[set] as RowSpec),
      })}`,
    );
    const slots = query.params.map((param) => {
      if (!(param instanceof Placeholder)) throw new Error(`${name}: values must be parameters`);
      return param.name as string;
    });
    return {
      name,
      text: query.sql,
      run: async (tx, params) => {
        const encoded = encode(sets, params as Readonly<Record<string, unknown>>);
        const values = slots.map((slot) => {
          const value = encoded.get(slot) ?? (params as Readonly<Record<string, unknown>>)[slot];
          if (value === undefined) throw new Error(`${name}: parameter ${slot} is missing`);
          return value;
        });
        const result = await tx.query({ name, text: query.sql, values });
        return result.rows as Row[];
      },
    };
  };
}

/**
 * `(select … from unnest(…) with ordinality) as "name"`. Bytes do not travel as a bytea array, whose text form doubles
 * them: all values of a set are one binary parameter, cut by offset and length.
 */
function rowSet(name: string, spec: RowSpec): SQL {
  const columns = Object.entries(spec);
  const arrays: SQL[] = [];
  const names: SQL[] = [];
  const outputs: SQL[] = [];
  for (const [column, type] of columns) {
    const label = sql.raw(`"${column}"`);
    if (type !== "bytea") {
      arrays.push(sql`${sql.placeholder(`${name}.${column}`)}::${sql.raw(arrayType(type))}`);
      names.push(label);
      outputs.push(type === "timestamptz" ? sql`to_timestamp(${label} / 1000) as ${label}` : label);
      continue;
    }
    const [offset, length] = [sql.raw(`"${column}_offset"`), sql.raw(`"${column}_length"`)];
    arrays.push(sql`${sql.placeholder(`${name}.${column}.offset`)}::int[]`);
    arrays.push(sql`${sql.placeholder(`${name}.${column}.length`)}::int[]`);
    names.push(offset, length);
    // A length of null is a null value: substring is strict.
    outputs.push(
      sql`substring(${sql.placeholder(`${name}.bytes`)}::bytea from ${offset} + 1 for ${length}) as ${label}`,
    );
  }
  const comma = sql.raw(", ");
  return sql`(select ${sql.join(outputs, comma)}, "ordinal" from unnest(${sql.join(arrays, comma)}) with ordinality as given(${sql.join(names, comma)}, "ordinal")) as ${sql.raw(`"${name}"`)}`;
}

function arrayType(type: ColumnType): string {
  // Times travel as epoch milliseconds.
  return type === "timestamptz" ? "float8[]" : `${type}[]`;
}

function encode(sets: RowSets, params: Readonly<Record<string, unknown>>): Map<string, unknown> {
  const values = new Map<string, unknown>();
  for (const [set, spec] of Object.entries(sets)) {
    const rows = params[set] as readonly Readonly<Record<string, unknown>>[];
    const blocks: Uint8Array[] = [];
    let used = 0;
    for (const [column, type] of Object.entries(spec)) {
      if (type !== "bytea") {
        values.set(`${set}.${column}`, arrayLiteral(rows, column, type === "text" || type === "jsonb"));
        continue;
      }
      const offsets: string[] = [];
      const lengths: string[] = [];
      for (const row of rows) {
        const bytes = row[column] as Uint8Array | null;
        offsets.push(String(used));
        lengths.push(bytes === null ? "null" : String(bytes.byteLength));
        if (bytes === null || bytes.byteLength === 0) continue;
        blocks.push(bytes);
        used += bytes.byteLength;
      }
      values.set(`${set}.${column}.offset`, `{${offsets.join(",")}}`);
      values.set(`${set}.${column}.length`, `{${lengths.join(",")}}`);
    }
    if (Object.values(spec).includes("bytea")) values.set(`${set}.bytes`, Buffer.concat(blocks, used));
  }
  return values;
}

const needsEscape = /["\\]/g;

/** A Postgres array literal, written here because the driver's own is generic and several times slower. */
function arrayLiteral(rows: readonly Readonly<Record<string, unknown>>[], column: string, quoted: boolean): string {
  let text = "{";
  for (let index = 0; index < rows.length; index++) {
    if (index > 0) text += ",";
    const value = rows[index]?.[column];
    if (value === null || value === undefined) text += "null";
    else if (quoted) text += `"${String(value).replace(needsEscape, "\\$&")}"`;
    else text += String(value);
  }
  return `${text}}`;
}
