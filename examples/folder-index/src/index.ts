import type { FlovynClient } from "@flovyn/sdk";
import { indexFile } from "./tasks.js";
import { indexFolder } from "./workflow.js";

export { type FileFacts, readFileFacts } from "./file-facts.js";
export { filesMax, listFiles } from "./list-files.js";
export { indexFile } from "./tasks.js";
export { type FolderIndex, indexFolder } from "./workflow.js";

/** Makes a client able to index folders. */
export function registerFolderIndex(client: FlovynClient): void {
  client.registerWorkflow(indexFolder);
  client.registerTask(indexFile);
}
