import type { Caller } from "@flovyn/bus";
import { DomainError, newId } from "@flovyn/domain";
import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from "@grpc/grpc-js";
import { toCallError } from "../audit/auditor.js";
import type { Authenticate, Credentials } from "../auth/authenticate.js";
import { grpcMessageMs } from "../limits.js";
import type { Timed } from "../work/deadline-wheel.js";
import { type AnyCall, readCredentials } from "./credentials.js";
import type { GrpcContext } from "./grpc-context.js";
import { reflectionTarget } from "./reflection.js";
import { type CallTarget, routes } from "./routes.js";

/** Who makes a call, and how it came. */
export interface Admitted {
  caller: Caller;
  credentials: Credentials;
}

/** What an admission needs of the door. */
export type AdmissionContext = Pick<GrpcContext, "authorize" | "auditor" | "metrics" | "statusEdge" | "wheel" | "now">;

export interface AdmissionOptions {
  authenticate: Authenticate;
  /** How long a message may take to arrive. In ms. */
  messageMs?: number;
}

const healthService = "/grpc.health.v1.Health/";
const targetsByPath: ReadonlyMap<string, CallTarget> = new Map(routes.map((route) => [`/${route.path}`, route]));

/**
 * Lets calls in by their metadata: who has no valid credential is refused before a byte of a message is taken, and who
 * has one must send its message in time. Health is open to everybody.
 */
export class Admission {
  readonly #authenticate: Authenticate;
  readonly #messageMs: number;
  readonly #admitted = new WeakMap<Metadata, Admitted>();

  constructor({ authenticate, messageMs = grpcMessageMs }: AdmissionOptions) {
    this.#authenticate = authenticate;
    this.#messageMs = messageMs;
  }

  /** Who makes this call. Errors: Internal for one that did not pass the interceptor, which cannot be. */
  of(call: AnyCall): Admitted {
    const admitted = this.#admitted.get(call.metadata);
    if (admitted === undefined) throw new DomainError("Internal", "a call was handled that nobody admitted");
    return admitted;
  }

  /** What grpc-js asks about each call. */
  interceptor(context: AdmissionContext): ServerInterceptor {
    return ({ path, requestStream }, call) => {
      const target = path.startsWith(healthService) ? undefined : (targetsByPath.get(path) ?? reflectionTarget);
      const incoming = new IncomingCall(context, call, target);
      return new ServerInterceptingCall(call, {
        start: (next) =>
          next({
            onReceiveMetadata: (metadata, proceed) => {
              const pass = () => {
                if (!requestStream) incoming.expectMessage(this.#messageMs);
                proceed(metadata);
              };
              if (target === undefined) pass();
              else this.#check(incoming, target, { metadata, pass });
            },
            onReceiveHalfClose: (proceed) => {
              incoming.received();
              proceed();
            },
            onCancel: () => incoming.received(),
          }),
      });
    };
  }

  #check(
    incoming: IncomingCall,
    target: CallTarget,
    { metadata, pass }: { metadata: Metadata; pass: () => void },
  ): void {
    const credentials = readCredentials({ metadata, getPeer: () => incoming.call.getPeer() });
    const refuse = (error: unknown) => incoming.refuse(error, { credentials });
    const admit = (caller: Caller) => {
      this.#admitted.set(metadata, { caller, credentials });
      if (target === reflectionTarget && !incoming.mayReflect(caller, credentials)) return;
      pass();
    };
    let caller: Caller | Promise<Caller>;
    try {
      caller = this.#authenticate(credentials);
    } catch (error) {
      refuse(error);
      return;
    }
    if (caller instanceof Promise) caller.then(admit, refuse);
    else admit(caller);
  }
}

/** A call whose request has not come whole. */
class IncomingCall implements Timed {
  dueAtMs = 0;
  slot = -1;
  readonly call: ServerInterceptingCallInterface;
  readonly #context: AdmissionContext;
  readonly #target: CallTarget | undefined;
  readonly #startedMs = performance.now();
  #messageMs = 0;

  constructor(context: AdmissionContext, call: ServerInterceptingCallInterface, target: CallTarget | undefined) {
    this.#context = context;
    this.call = call;
    this.#target = target;
  }

  expectMessage(withinMs: number): void {
    const { wheel, now } = this.#context;
    this.#messageMs = withinMs;
    wheel.add(this, now() + withinMs);
  }

  received(): void {
    this.#context.wheel.remove(this);
  }

  due(): void {
    this.#end(new DomainError("Timeout", `the request was not sent within ${this.#messageMs} ms`), newId());
  }

  /** Ends the call of somebody who may not come in, and records that. */
  refuse(error: unknown, { caller, credentials }: { caller?: Caller; credentials: Credentials }): void {
    const requestId = newId();
    this.#end(error, requestId);
    const { address } = credentials;
    const facts = { door: "grpc", caller, action: this.#target?.action, resourceId: "", address, requestId } as const;
    this.#context.auditor.ended(facts, toCallError(error));
  }

  /** Whether the description of the interface is for this caller; the call has ended when it is not. */
  mayReflect(caller: Caller, credentials: Credentials): boolean {
    try {
      this.#context.authorize(caller, reflectionTarget.action, { orgId: caller.orgId });
      return true;
    } catch (error) {
      this.refuse(error, { caller, credentials });
      return false;
    }
  }

  #end(error: unknown, requestId: string): void {
    const status = this.#context.statusEdge(error, requestId);
    this.call.sendStatus(status);
    if (this.#target !== undefined) this.#context.metrics.rpc(this.#target.name).ended(status.name, this.#startedMs);
  }
}
