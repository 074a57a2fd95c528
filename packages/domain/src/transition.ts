/** Who caused a change of status. */
export interface Actor {
  type: "worker" | "system" | "user" | "graph";
  id: string;
}

/** One row of the audit history of an execution. The machine that decides writes it, nobody else. */
export interface Transition<Status extends string> {
  from: Status | null;
  to: Status;
  actor: Actor;
  reason: string | null;
  /** Attempt (tasks) or run (workflows) during which it happened. */
  attempt: number;
  claimEpoch: number;
  /** Place in the history of this execution, from 1 without gaps. */
  sortKey: number;
}

export function systemActor(id: string): Actor {
  return { type: "system", id };
}
