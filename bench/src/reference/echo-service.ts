import type { ServiceDefinition } from "@grpc/grpc-js";

export const echoPath = "/flovyn.bench.Reference/Echo";

const asItIs = (bytes: Buffer) => bytes;

export const echoService: ServiceDefinition = {
  echo: {
    path: echoPath,
    requestStream: false,
    responseStream: false,
    requestSerialize: asItIs,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
    responseDeserialize: asItIs,
  },
};
