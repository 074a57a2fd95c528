import { task } from "@flovyn/sdk";
import { type FileFacts, readFileFacts } from "./file-facts.js";

export const indexFile = task({
  name: "index-file",
  retry: { maxRetries: 2, strategy: "exponential", base: "100ms", max: "2s" },
  run: (ctx, file: { root: string; path: string }): Promise<FileFacts> =>
    readFileFacts(file.root, file.path, ctx.signal),
});
