import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workspaceRoot } from "@flovyn/testing";
import { afterAll, describe, expect, test } from "vitest";
import {
  Arena,
  type AttackName,
  attackKinds,
  complaintsOf,
  type Outcome,
  outcomeTable,
  type StartTopology,
} from "../src/index.js";

/** `npm run test:neighbours` sets it: long attacks, and the time of the neighbour counts. */
const isFull = process.env.FLOVYN_NEIGHBOURS === "full";
const [attackMs, idleMs] = isFull ? [20_000, 8000] : [2500, 1500];
const seed = Number(process.env.FLOVYN_NEIGHBOURS_SEED ?? 20_261_130);
/** Attacks to run, by a part of their names; all when it is not set. */
const only = new RegExp(process.env.FLOVYN_NEIGHBOURS_ONLY ?? "");
const ratioMax = 5;
const timeoutMs = 900_000;

/**
 * Attacks a server by each means in turn while a neighbour works on it. A server that an attack has spoilt is replaced, so
 * that the next attack finds one that nothing was done to.
 */
export function attackNeighbour(where: string, start: StartTopology): void {
  const outcomes: Outcome[] = [];
  let arena: Arena | undefined;

  afterAll(async () => {
    await arena?.close();
    report(where, outcomes);
  }, timeoutMs);

  describe(`on ${where}`, () => {
    const names = attackKinds.map(({ name }) => name).filter((name) => only.test(name));
    test.each(names)("a neighbour goes on undisturbed while an org attacks by %s", attackOnce, timeoutMs);
  });

  async function attackOnce(name: AttackName): Promise<void> {
    arena ??= await Arena.open({ start, attackMs, idleMs, seed });
    const { topology } = arena;
    try {
      const outcome = await arena.attack(name);
      outcomes.push(outcome);
      expect(complaintsOf(outcome, isFull ? { ratioMax } : {})).toEqual([]);
    } catch (error) {
      process.stderr.write(`${topology.output()}\n`);
      await arena.close().catch((failure: unknown) => process.stderr.write(`${failure}\n`));
      arena = undefined;
      throw error;
    }
  }
}

/** The table for people, and below .flovyn all that was seen, for who looks for a reason. */
function report(where: string, outcomes: readonly Outcome[]): void {
  if (outcomes.length === 0) return;
  const directory = join(workspaceRoot(), ".flovyn", "neighbours");
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, `${where.replaceAll(" ", "-")}.json`), JSON.stringify(outcomes, undefined, 1));
  process.stdout.write(`\nAttacks on ${where}, ${attackMs / 1000} s each\n${outcomeTable(outcomes)}\n`);
}
