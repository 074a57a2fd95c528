/** Timers, promises, children and signals as workers and clients of the published protocol use them, call by call. */
import { describe } from "vitest";
import { useCluster } from "./use-cluster.js";
import { childrenTests } from "./waits/children.js";

const use = useCluster({ replicas: { gateway: 2, dispatch: 2, tasks: 1, promises: 2, timers: 1 } });

describe("children", () => childrenTests(use));
