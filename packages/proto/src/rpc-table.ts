/** The RPCs of a generated service definition as a list that code can walk. */

/** What a service definition made by ts-proto looks like, as far as the list needs it. */
export interface ServiceDefinition {
  readonly fullName: string;
  readonly methods: Readonly<Record<string, MethodDefinition>>;
}

interface MethodDefinition {
  readonly name: string;
  readonly requestType: MessageCodec;
  readonly requestStream: boolean;
  readonly responseType: MessageCodec;
  readonly responseStream: boolean;
}

/** Encodes and decodes messages whose type is not known statically. Decoding throws when the bytes are malformed. */
export interface MessageCodec {
  encode(message: never): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
}

/** One RPC. */
export interface Rpc {
  /** gRPC path: `/flovyn.v1.WorkflowDispatch/PollWorkflow`. */
  readonly path: string;
  /** The same without the leading slash: how the bus names the operation. */
  readonly operation: string;
  /** Full name of the service: `flovyn.v1.WorkflowDispatch`. */
  readonly service: string;
  /** `PollWorkflow`. */
  readonly name: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestType: MessageCodec;
  readonly responseType: MessageCodec;
}

/** Lists the RPCs of services, in the order of the .proto files. */
export function rpcsOf(services: readonly ServiceDefinition[]): readonly Rpc[] {
  return services.flatMap((service) => Object.values(service.methods).map((method) => rpcOf(service.fullName, method)));
}

function rpcOf(service: string, method: MethodDefinition): Rpc {
  const operation = `${service}/${method.name}`;
  return {
    path: `/${operation}`,
    operation,
    service,
    name: method.name,
    requestStream: method.requestStream,
    responseStream: method.responseStream,
    requestType: method.requestType,
    responseType: method.responseType,
  };
}
