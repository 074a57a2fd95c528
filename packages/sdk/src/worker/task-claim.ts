import type { TaskExecutionInfo } from "@flovyn/proto/v1";

/** What every report about a claimed task carries. Servers that do not number their claims send 0. */
export function claimOf({ taskExecutionId, claimEpoch }: TaskExecutionInfo) {
  return claimEpoch > 0 ? { taskExecutionId, claimEpoch } : { taskExecutionId };
}
