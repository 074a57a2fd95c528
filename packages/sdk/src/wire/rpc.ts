/** One unary or server-streaming RPC of a generated service, with the functions that write and read its messages. */
export interface Rpc<Request, Response> {
  /** `/flovyn.v1.WorkflowDispatch/PollWorkflow`. */
  readonly path: string;
  /** `PollWorkflow`. */
  readonly name: string;
  readonly serialize: (request: Request) => Buffer;
  readonly deserialize: (bytes: Buffer) => Response;
}

interface Method<Request, Response> {
  readonly name: string;
  readonly requestType: { encode(message: Request): { finish(): Uint8Array } };
  readonly responseType: { decode(bytes: Uint8Array): Response };
}

/** Picks an RPC of a service definition made by ts-proto. */
export function rpc<Request, Response>(service: string, method: Method<Request, Response>): Rpc<Request, Response> {
  const { name, requestType, responseType } = method;
  return {
    path: `/${service}/${name}`,
    name,
    serialize: (request) => {
      const bytes = requestType.encode(request).finish();
      // grpc-js copies messages by a method that only Buffer has.
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    deserialize: (bytes) => responseType.decode(bytes),
  };
}
