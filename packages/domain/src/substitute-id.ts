import { hash } from "node:crypto";

/**
 * The id that an execution gets in place of the one its worker chose, when another organization uses that one. It follows
 * from what asks, so that the same command again means the same execution, and another organization cannot foresee it
 * without its id. A version 8 UUID.
 */
export function substituteId(asking: { orgId: string; workflowId: string }, chosen: string): string {
  const hex = hash("sha256", `${asking.orgId}/${asking.workflowId}/${chosen}`, "hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
