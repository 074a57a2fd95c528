import type { Database, Transaction } from "../src/database.js";

/** One node of a plan, as EXPLAIN prints it. */
export interface Plan {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Index Cond"?: string;
  "Actual Rows"?: number;
  /** 0: the node was not run. */
  "Actual Loops"?: number;
  "Rows Removed by Filter"?: number;
  Plans?: Plan[];
}

/**
 * Runs a store function and returns the nodes of the plan of its statement: the generic plan, which a server settles on
 * for a prepared statement and which knows nothing of the values. The statement really runs; then it is undone.
 */
export async function planOf(db: Database, run: (tx: Transaction) => unknown): Promise<Plan[]> {
  let nodes: Plan[] = [];
  const undo = new Error("undo");
  await db
    .transaction(async (tx) => {
      await tx.query({ text: "set local plan_cache_mode = force_generic_plan" });
      const deferred: Promise<unknown>[] = [];
      const explaining: Transaction = {
        defer: (write) => {
          deferred.push(write);
        },
        query: async ({ text, values = [] }) => {
          await tx.query({ text: `prepare explained as ${text}` });
          const list = values.length === 0 ? "" : `(${values.map(literal).join(", ")})`;
          const execute = `execute explained ${list}`;
          const { rows } = await tx.query({ text: `explain (analyze, format json) ${execute}` });
          await tx.query({ text: "deallocate explained" });
          nodes = flatten(rows[0]["QUERY PLAN"][0].Plan);
          return { rows: [], rowCount: 0, command: "", oid: 0, fields: [] };
        },
      };
      await run(explaining);
      await Promise.all(deferred);
      throw undo;
    })
    .catch((error) => {
      if (error !== undo) throw error;
    });
  return nodes;
}

function literal(value: unknown): string {
  if (value === null) return "null";
  if (value instanceof Uint8Array) return `'\\x${Buffer.from(value).toString("hex")}'`;
  if (Array.isArray(value)) return `'{${value.join(",")}}'`;
  return typeof value === "number" ? String(value) : `'${String(value).replaceAll("'", "''")}'`;
}

function flatten(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(flatten)];
}

/** The nodes that read a relation. */
export const scansOf = (nodes: Plan[], relation: string) =>
  nodes.filter((node) => node["Relation Name"] === relation && node["Node Type"].includes("Scan"));
