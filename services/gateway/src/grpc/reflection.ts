import { fileDescriptorSet } from "@flovyn/proto/descriptors";
import { ReflectionService } from "@grpc/reflection";
import { smallMessage } from "./message-limits.js";
import type { CallTarget } from "./routes.js";

type PackageDefinition = ConstructorParameters<typeof ReflectionService>[0];

/** What any call of reflection is to policies, metrics and the audit log. */
export const reflectionTarget: CallTarget = { name: "ServerReflectionInfo", action: "viewApi", limits: smallMessage };

/** Server reflection over the committed descriptors, so that tools such as grpcurl need no files. */
export function createReflection(): ReflectionService {
  const fileDescriptorProtos = splitDescriptorSet(fileDescriptorSet());
  const files: PackageDefinition = {
    flovyn: { format: "Protocol Buffer 3 DescriptorProto", type: {}, fileDescriptorProtos },
  };
  return new ReflectionService(files);
}

/** A FileDescriptorSet is nothing but `repeated FileDescriptorProto file = 1`. */
function splitDescriptorSet(set: Buffer): Buffer[] {
  const files: Buffer[] = [];
  let at = 0;
  while (at < set.length) {
    if (set[at] !== 0x0a) throw new Error("the descriptor set holds something else than files");
    let length = 0;
    let shift = 0;
    for (at += 1; ; shift += 7) {
      const byte = set[at++];
      if (byte === undefined) throw new Error("the descriptor set is cut off");
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    files.push(set.subarray(at, at + length));
    at += length;
  }
  return files;
}
