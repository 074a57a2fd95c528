import type { Bus } from "@flovyn/bus";
import type { Logger } from "@flovyn/runtime";
import type { Auditor } from "../audit/auditor.js";
import type { HeldCalls } from "../auth/held-calls.js";
import type { Authorize } from "../authorization/authorize.js";
import type { Budgets } from "../budgets/budgets.js";
import type { HandlingTurns } from "../budgets/handling-turns.js";
import type { HintChannels } from "../hints/hint-channels.js";
import type { GatewayMetrics } from "../metrics.js";
import type { HistoryReads } from "../presence/history-reads.js";
import type { Presence } from "../presence/presence.js";
import type { EndedHints } from "../results/ended-hints.js";
import type { DeadlineWheel } from "../work/deadline-wheel.js";
import type { WorkLines } from "../work/work-lines.js";
import type { WorkerKindsCache } from "../work/worker-kinds.js";
import type { Admission } from "./admission.js";
import type { StatusEdge } from "./status.js";

/** What the handlers of the gRPC door work with. */
export interface GrpcContext {
  bus: Bus;
  log: Logger;
  /** Monotonic milliseconds. */
  now: () => number;
  /** Who makes a call. */
  admission: Admission;
  authorize: Authorize;
  auditor: Auditor;
  statusEdge: StatusEdge;
  metrics: GatewayMetrics;
  wheel: DeadlineWheel;
  hints: HintChannels;
  lines: WorkLines;
  workerKinds: WorkerKindsCache;
  held: HeldCalls;
  budgets: Budgets;
  handling: HandlingTurns;
  presence: Presence;
  historyReads: HistoryReads;
  ended: EndedHints;
}
