import type { Caller } from "@flovyn/bus";
import { parseExecutionId, parseInteger } from "@flovyn/domain";
import { AwaitResultRequest } from "@flovyn/proto/ext";
import { awaitResultHoldMsMax } from "../limits.js";
import { connectionOf } from "../presence/named-worker.js";
import { ResultWait } from "../results/result-wait.js";
import { auditFacts } from "./audit-call.js";
import { authorizeCall } from "./authorize-call.js";
import { decodeRequest } from "./decode.js";
import { toBusRequest } from "./forward.js";
import type { GrpcContext } from "./grpc-context.js";
import type { Reply } from "./reply.js";
import type { Route } from "./routes.js";
import type { RawHandler, RawUnaryCall } from "./unary.js";

/** The open AwaitResult calls of this process. */
export class ResultCalls {
  readonly #context: GrpcContext;
  readonly #route: Route;
  readonly #waits = new Set<ResultWait>();
  #draining = false;

  constructor(context: GrpcContext, route: Route) {
    this.#context = context;
    this.#route = route;
  }

  get size(): number {
    return this.#waits.size;
  }

  /** Holds the call until the execution is terminal or the time is up. Errors: InvalidInput, LimitExceeded; NotFound. */
  readonly handle: RawHandler = async (call, caller, reply) => {
    const request = decodeRequest(AwaitResultRequest, call.request, "AwaitResultRequest");
    const { id } = parseExecutionId(request.workflowExecutionId, "workflow_execution_id");
    const holdMs = parseInteger(request.holdMs, "hold_ms", 0, awaitResultHoldMsMax);
    this.#context.presence.call(connectionOf(call, caller));
    this.#wait(call, caller, reply, { id, holdMs: this.#draining ? 0 : holdMs });
  };

  /** Ends every call with the status reached so far. */
  drain(): void {
    this.#draining = true;
    for (const wait of [...this.#waits]) wait.expire();
  }

  #wait(call: RawUnaryCall, caller: Caller, reply: Reply, order: { id: string; holdMs: number }): void {
    const { bus, wheel, now, ended } = this.#context;
    const to = { service: "dispatch", path: this.#route.path } as const;
    const wait = new ResultWait({
      holdMs: order.holdMs,
      wheel,
      now,
      ask: () => bus.request(toBusRequest(call, caller, to, reply.requestId)),
      end: (error, answer) => {
        forget();
        if (error === undefined) reply.ok(answer);
        else reply.fail(error);
      },
    });
    const release = this.#context.held.hold({
      ...{ caller, kind: "streams" },
      check: () => authorizeCall(this.#context, this.#route, caller, call.request),
      facts: () => auditFacts(this.#route, { call, ...this.#context.admission.of(call), requestId: reply.requestId }),
      end: (why) => {
        if (!forget()) return;
        wait.leave();
        reply.fail(why);
      },
    });
    const unlisten = ended.listen(caller.orgId, order.id, wait);
    const forget = () => {
      unlisten();
      release();
      return this.#waits.delete(wait);
    };
    this.#waits.add(wait);
    call.once("cancelled", () => {
      if (!forget()) return;
      wait.leave();
      reply.left();
    });
    wait.start();
  }
}
