import { createFileRegistry, type DescMessage, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { extensionRpcs, fileDescriptorSet, publishedRpcs } from "@flovyn/proto/descriptors";

/** An RPC of the gRPC server and what its request can hold. */
export interface AttackedRpc {
  path: string;
  name: string;
  requestStream: boolean;
  responseStream: boolean;
  /** Undefined for the services that come with gRPC; their requests are a text in field 1 or hold one. */
  request: DescMessage | undefined;
}

/** Served beside the tables: health, without a key, and reflection. */
const sideRpcs: readonly AttackedRpc[] = [
  side("/grpc.health.v1.Health/Check", false, false),
  side("/grpc.health.v1.Health/Watch", false, true),
  side("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", true, true),
  side("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", true, true),
];

/** Every RPC that the gRPC server answers, from the tables of the protocol. */
export function rpcSurface(): AttackedRpc[] {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, fileDescriptorSet()));
  const described = [...publishedRpcs, ...extensionRpcs].map(
    ({ path, service, name, requestStream, responseStream }): AttackedRpc => {
      const request = registry.getService(service)?.methods.find((method) => method.name === name)?.input;
      if (request === undefined) throw new Error(`${path} is not in the descriptor set`);
      return { path, name, requestStream, responseStream, request };
    },
  );
  return [...described, ...sideRpcs];
}

function side(path: string, requestStream: boolean, responseStream: boolean): AttackedRpc {
  return { path, name: path.slice(path.lastIndexOf("/") + 1), requestStream, responseStream, request: undefined };
}
