/**
 * Goal: what one org does, another one does not feel, on a server of one process. Approach: a neighbour runs workflows all
 * the time; an attacker of another org, a process of its own, calls every RPC and every route by one means after the other.
 */
import { startOneProcess } from "../src/index.js";
import { attackNeighbour } from "./attack-neighbour.js";

attackNeighbour("one process", startOneProcess);
