export type { DispatchContext } from "./context.js";
export { createDispatchService } from "./service.js";
