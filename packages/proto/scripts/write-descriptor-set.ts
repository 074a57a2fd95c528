/**
 * Writes src/gen/descriptor-set.ts: the published descriptors as text, so that reading them at run time needs no file.
 * Runs in packages/proto, after `buf generate`, which empties src/gen.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";

const lineWidth = 120;

const bytes = execFileSync("buf", [
  "build",
  "../../proto",
  // Between our own services only; reflection must not show it.
  "--exclude-path",
  "../../proto/flovyn/internal",
  "--exclude-source-info",
  "--as-file-descriptor-set",
  "--output",
  "-#format=binpb",
]);
const lines = bytes.toString("base64").match(new RegExp(`.{1,${lineWidth}}`, "g")) ?? [];

writeFileSync(
  "src/gen/descriptor-set.ts",
  `// Written by scripts/write-descriptor-set.ts. DO NOT EDIT.

/** google.protobuf.FileDescriptorSet of flovyn.v1 and flovyn.ext.v1, as base64 in lines. */
export const descriptorSetBase64: string = \`
${lines.join("\n")}
\`;
`,
);
