/**
 * Goal: what one org does, another one does not feel, on a cluster with two gateways. Approach: as on one process; both
 * gateways are attacked, and the worker and the client of the neighbour are on different ones.
 */
import { startTwoGateways } from "../src/index.js";
import { attackNeighbour } from "./attack-neighbour.js";

attackNeighbour("two gateways", startTwoGateways);
