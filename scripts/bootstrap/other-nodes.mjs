import { join } from "node:path";
import { pinnedNodes } from "./node-versions.mjs";
import { pinnedTool } from "./pinned-tool.mjs";
import { root } from "./root.mjs";

/**
 * Tests that say whether a Node will do, by what their paths hold: those beside the code, which need no database, the SDK
 * against a server, and one file with a cluster of processes.
 */
export const otherNodesTests = ["/src/", "packages/sdk/test", "tests/e2e/test/wake-up.test.ts"];

/**
 * The other Nodes that the project runs on, fetched where they are missing: version and program. Empty where the registry has
 * none for this platform.
 *
 * @param {(progress: string) => void} report
 * @returns {Promise<{ version: string, program: string }[]>}
 */
export async function otherNodes(report) {
  const found = [];
  for (const pin of pinnedNodes[`${process.platform}-${process.arch}`] ?? []) {
    const [name = "", version = ""] = pin.split(/[@+]/);
    const modules = await pinnedTool({ pin, directory: join(root, ".flovyn", "tools"), report });
    found.push({ version, program: join(modules, name, "bin", "node") });
  }
  return found;
}
