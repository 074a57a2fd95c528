import type { AttackStep } from "../attack-call.js";
import type { Scene } from "../scene.js";
import { bigSubmissions } from "./big-submissions.js";
import { bigTexts } from "./big-texts.js";
import { flood } from "./flood.js";
import { manyQueues } from "./many-queues.js";
import { manyStreams } from "./many-streams.js";
import { nesting } from "./nesting.js";
import { repeatedFields } from "./repeated-fields.js";
import { stoppedReaders } from "./stopped-readers.js";
import { unfinishedBodies } from "./unfinished-bodies.js";

/** One way to attack. */
export interface AttackKind {
  /** As a sentence of a test has it: "an attack by …". */
  name: string;
  /** Every call of it, once; made from the tables. */
  steps(scene: Scene): Iterable<AttackStep>;
  /** Calls that run or are held at the same time. */
  inFlight: number;
  /** With fewer than this the server was not attacked yet, however long that took: on a busy machine it takes longer. */
  callsMin: number;
  callsMax: number;
  /** A call that is not answered is given up after this; held ones when the attack is over. */
  patienceMs: number;
}

const untilTheEnd = Number.POSITIVE_INFINITY;
const patienceMs = 15_000;

export const attackKinds = [
  { name: "repeated fields", steps: repeatedFields, inFlight: 16, callsMin: 90, callsMax: 2000, patienceMs },
  { name: "big texts", steps: bigTexts, inFlight: 16, callsMin: 90, callsMax: 3000, patienceMs },
  { name: "nesting", steps: nesting, inFlight: 16, callsMin: 90, callsMax: 3000, patienceMs },
  {
    name: "unfinished bodies",
    steps: unfinishedBodies,
    inFlight: 300,
    callsMin: 300,
    callsMax: 1000,
    patienceMs: untilTheEnd,
  },
  {
    name: "readers that stop",
    steps: stoppedReaders,
    inFlight: 150,
    callsMin: 150,
    callsMax: 1000,
    patienceMs: untilTheEnd,
  },
  {
    name: "many queues",
    steps: manyQueues,
    inFlight: 10_000,
    callsMin: 4000,
    callsMax: 20_000,
    patienceMs: untilTheEnd,
  },
  {
    name: "many streams",
    steps: manyStreams,
    inFlight: 6000,
    callsMin: 4000,
    callsMax: 30_000,
    patienceMs: untilTheEnd,
  },
  { name: "big submissions", steps: bigSubmissions, inFlight: 8, callsMin: 45, callsMax: 1000, patienceMs },
  { name: "a flood of calls", steps: flood, inFlight: 64, callsMin: 500, callsMax: 50_000, patienceMs },
] as const satisfies readonly AttackKind[];

export type AttackName = (typeof attackKinds)[number]["name"];
