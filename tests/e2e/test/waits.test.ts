/** Timers, promises, children and signals as workers and clients of the published protocol use them, call by call. */
import { describe } from "vitest";
import { useCluster } from "./use-cluster.js";
import { childrenTests } from "./waits/children.js";
import { newsTests } from "./waits/news.js";
import { promiseTests } from "./waits/promises.js";
import { queryTests } from "./waits/queries.js";
import { repeatTests } from "./waits/repeats.js";
import { signalTests } from "./waits/signals.js";
import { timerTests } from "./waits/timers.js";

const use = useCluster({ replicas: { gateway: 2, dispatch: 2, tasks: 1, promises: 2, timers: 1 } });

describe("timers", () => timerTests(use));
describe("promises", () => promiseTests(use));
describe("signals", () => signalTests(use));
describe("children", () => childrenTests(use));
describe("queries", () => queryTests(use));
describe("news", () => newsTests(use));
describe("repeats", () => repeatTests(use));
