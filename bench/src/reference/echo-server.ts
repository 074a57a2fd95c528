import { Server, ServerCredentials, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { echoService } from "./echo-service.js";

// The least a server in this language can do: take a unary call and send its bytes back.
Error.stackTraceLimit = 0;

const implementation: UntypedServiceImplementation = {
  echo: (call: { request: Buffer }, callback: (error: null, response: Buffer) => void) => callback(null, call.request),
};
const server = new Server();
server.addService(echoService, implementation);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.send?.({ port });
});
process.on("disconnect", () => process.exit());
