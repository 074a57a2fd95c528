import type { WorkKind } from "@flovyn/bus";
import { checkLength, checkOrg, DomainError, invalidField, parseKind, parseQueue } from "@flovyn/domain";
import { PollRequest, PollTaskRequest } from "@flovyn/proto/v1";
import { pollHoldMsDefault, pollHoldMsMax } from "../limits.js";
import { connectionOf, type NamedWorker, workerOf } from "../presence/named-worker.js";
import { anyKind, type KindsFilter, kindsFilter } from "../work/kinds-filter.js";
import type { ParkedPoll } from "../work/parked-poll.js";
import { auditFacts } from "./audit-call.js";
import { authorizeCall } from "./authorize-call.js";
import { decodeRequest } from "./decode.js";
import type { GrpcContext } from "./grpc-context.js";
import { readLeaseMs, readPollHoldMs } from "./metadata.js";
import type { Route } from "./routes.js";
import type { RawHandler, RawUnaryCall } from "./unary.js";

interface Poll {
  orgId: string;
  queue: string;
  workerId: string;
  timeoutSeconds: number;
  workerPoolId: string | undefined;
  /** Kinds named in the request itself. */
  kinds: readonly string[];
}

const workerIdLengthMax = 255;
/** Kinds in one filter. */
const kindsMax = 1000;

/** Waits for one workflow or task. Errors: InvalidInput, Forbidden, Unimplemented, LimitExceeded; those of the claim. */
export function poll(context: GrpcContext, route: Route, kind: WorkKind): RawHandler {
  return async (call, caller, reply) => {
    const request = kind === "workflow" ? readWorkflowPoll(call.request) : readTaskPoll(call.request);
    checkOrg(request.orgId, caller.orgId);
    const queue = checkPoll(request);
    const holdMs = readHoldMs(call, request.timeoutSeconds);
    const leaseMs = readLeaseMs(call.metadata);
    const worker = workerOf(caller, request.workerId);
    context.presence.seen(worker, connectionOf(call, caller));
    const { session } = context.admission.of(call);
    context.lines.deliveries.polled(worker, session);

    const own = request.kinds.length > 0 ? kindsFilter(request.kinds) : undefined;
    const filter = own ?? (await registeredKinds(context, worker, { kind, queue }));
    if (call.cancelled) return reply.left();
    const check = () => authorizeCall(context, route, caller, call.request);
    let parked: ParkedPoll | undefined;
    reply.onEnd = context.held.hold({
      ...{ caller, kind: "polls", check },
      facts: () => auditFacts(route, { call, ...context.admission.of(call), requestId: reply.requestId }),
      end: (why) => {
        if (parked?.leave()) reply.fail(why);
      },
    });
    // Policies may have changed while the kinds were asked for.
    if (own === undefined) check();
    parked = context.lines.poll({ ...worker, kind, queue, filter, leaseMs, holdMs, session }, reply);
    if (parked.place === "done") return;
    call.once("cancelled", () => {
      if (parked.leave()) reply.left();
    });
  };
}

/** What the worker declared. Known kinds are good as long as nothing was hinted on their line since they were asked for. */
async function registeredKinds(
  context: GrpcContext,
  worker: NamedWorker,
  { kind, queue }: { kind: WorkKind; queue: string },
): Promise<KindsFilter> {
  if (worker.workerId === "") return anyKind;
  const known = context.workerKinds.peek(worker);
  if (known !== undefined) {
    const filter = known[kind];
    if (context.workerKinds.isFresh(known)) return filter;
    const hintedMs = context.lines.lastHintMs(kind, worker.orgId, queue, filter);
    if (hintedMs !== undefined && hintedMs < known.loadedAtMs) return filter;
  }
  return (await context.workerKinds.load(worker))[kind];
}

function readWorkflowPoll(bytes: Buffer): Poll {
  const request = decodeRequest(PollRequest, bytes, "PollRequest");
  return { ...request, kinds: request.workflowCapabilities, workerPoolId: request.workerPoolId };
}

function readTaskPoll(bytes: Buffer): Poll {
  const request = decodeRequest(PollTaskRequest, bytes, "PollTaskRequest");
  return { ...request, kinds: [], workerPoolId: request.workerPoolId };
}

/** The queue of a valid poll. */
function checkPoll(poll: Poll): string {
  if (poll.queue.trim() === "") throw invalidField("queue", "must not be blank");
  if (poll.timeoutSeconds < 0) throw invalidField("timeout_seconds", "must not be negative");
  checkLength(poll.workerId, "worker_id", workerIdLengthMax);
  if (poll.kinds.length > kindsMax) {
    throw invalidField("workflow_capabilities", `must name at most ${kindsMax} kinds, names ${poll.kinds.length}`);
  }
  for (const kind of poll.kinds) parseKind(kind, "workflow_capabilities");
  if (poll.workerPoolId !== undefined && poll.workerPoolId !== "") {
    throw new DomainError("Unimplemented", "worker_pool_id: worker pools are not implemented yet", {
      field: "worker_pool_id",
    });
  }
  return parseQueue(poll.queue, "queue");
}

function readHoldMs(call: RawUnaryCall, timeoutSeconds: number): number {
  const wanted = readPollHoldMs(call.metadata) ?? pollHoldMsDefault;
  return Math.min(wanted, timeoutSeconds * 1000, pollHoldMsMax);
}
