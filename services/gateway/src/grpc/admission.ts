import type { Http2Session } from "node:http2";
import type { Caller } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import type { Metadata, ServerInterceptingCall, ServerInterceptor } from "@grpc/grpc-js";
import type { Authenticate, Credentials } from "../auth/authenticate.js";
import { grpcLingerMs, grpcMessageMs } from "../limits.js";
import type { AnyCall } from "./credentials.js";
import { IncomingCall, type IncomingContext } from "./incoming-call.js";
import { reflectionTarget } from "./reflection.js";
import { type CallTarget, routes } from "./routes.js";

/** Who makes a call, and how it came. */
export interface Admitted {
  caller: Caller;
  credentials: Credentials;
  /** The connection it came on. */
  session?: Http2Session | undefined;
}

export interface AdmissionOptions {
  authenticate: Authenticate;
  /** Counts the size of a message or an answer against the rate of its caller. */
  charge?: (caller: Caller, bytes: number) => void;
  /** How long a message may take to arrive. In ms. */
  messageMs?: number;
  /** How long the sender of a message that nobody wants any more may go on. In ms. */
  lingerMs?: number;
}

const healthService = "/grpc.health.v1.Health/";
const targetsByPath: ReadonlyMap<string, CallTarget> = new Map(routes.map((route) => [`/${route.path}`, route]));
/** Where an admission leaves what it found out: grpc-js hands the metadata of a call to its handler as they are. */
const admittedKey = Symbol("admitted");
type AdmittedMetadata = Metadata & { [admittedKey]?: Admitted };

/**
 * Lets calls in by their metadata: who has no valid credential is refused before a byte of a message is taken, and who
 * has one must send its message in time. Health is open to everybody.
 */
export class Admission {
  readonly authenticate: Authenticate;
  readonly charge: (caller: Caller, bytes: number) => void;
  readonly messageMs: number;
  readonly lingerMs: number;

  constructor(options: AdmissionOptions) {
    const { authenticate, charge = () => {}, messageMs = grpcMessageMs, lingerMs = grpcLingerMs } = options;
    this.authenticate = authenticate;
    this.charge = charge;
    this.messageMs = messageMs;
    this.lingerMs = lingerMs;
  }

  admit(metadata: Metadata, admitted: Admitted): void {
    (metadata as AdmittedMetadata)[admittedKey] = admitted;
  }

  /** Who makes this call. Errors: Internal for one that was not admitted, which cannot be. */
  of(call: Pick<AnyCall, "metadata">): Admitted {
    const admitted = (call.metadata as AdmittedMetadata)[admittedKey];
    if (admitted === undefined) throw new DomainError("Internal", "a call was handled that nobody admitted");
    return admitted;
  }

  /** What grpc-js asks about each call. */
  interceptor(context: IncomingContext): ServerInterceptor {
    return ({ path, requestStream }, call) => {
      const target = path.startsWith(healthService) ? undefined : (targetsByPath.get(path) ?? reflectionTarget);
      const incoming = new IncomingCall({ context, admission: this, call, target, requestStream });
      // The class of that name would do the same at four times the cost; what is used of it is the interface.
      return incoming as unknown as ServerInterceptingCall;
    };
  }
}
