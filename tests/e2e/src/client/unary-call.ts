import type { CallOptions, GrpcConnection } from "./grpc-connection.js";

/** What encodes and decodes the messages of one type; every generated message of @flovyn/proto does. */
interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

/** A method of a generated service definition. */
export interface UnaryMethod<Request, Partial, Response> {
  readonly name: string;
  readonly requestType: Codec<Request> & { fromPartial(message: Partial): Request };
  readonly responseType: Codec<Response>;
}

/** What may be given for the request of a method. */
export type PartialOf<Method> = Method extends {
  requestType: { fromPartial(message: infer Partial): unknown };
}
  ? Partial
  : never;

/** One RPC with its messages. A request that has an org and names none gets `orgId`. Errors: CallError. */
export async function unaryCall<Request, Partial, Response>(
  connection: GrpcConnection,
  call: {
    path: string;
    method: UnaryMethod<Request, Partial, Response>;
    orgId: string;
    request: Partial;
    options: CallOptions | undefined;
  },
): Promise<Response> {
  const { path, method, orgId, request, options } = call;
  // Members that a message does not have are not read when it is encoded.
  const message = method.requestType.fromPartial({ orgId, ...request });
  return method.responseType.decode(await connection.unary(path, method.requestType.encode(message).finish(), options));
}
