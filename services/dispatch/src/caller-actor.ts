import type { Caller } from "@flovyn/bus";
import type { Actor } from "@flovyn/domain";

/** Who caused what a request changes. */
export function callerActor(caller: Caller): Actor {
  return { type: caller.principalType === "Worker" ? "worker" : "user", id: caller.principalId };
}
