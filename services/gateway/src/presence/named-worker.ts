import { type Caller, principalOf } from "@flovyn/bus";

/** A worker as its polls name it. Workers choose their ids freely, so an id means a worker of the principal that uses it. */
export interface NamedWorker {
  readonly orgId: string;
  readonly principal: string;
  readonly workerId: string;
}

export function workerOf(caller: Caller, workerId: string): NamedWorker {
  return { orgId: caller.orgId, principal: principalOf(caller), workerId };
}

/** Org ids hold no blank; the length keeps principals and ids apart, which may hold any text. */
export function workerKey({ orgId, principal, workerId }: NamedWorker): string {
  return `${orgId} ${principal.length} ${principal} ${workerId}`;
}

/** A connection as far as one principal uses it: principals behind one proxy share a connection, not their workers. */
export function connectionOf(call: { getPeer(): string }, caller: Caller): string {
  return `${call.getPeer()} ${caller.orgId} ${principalOf(caller)}`;
}
