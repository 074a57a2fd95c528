export type { TimersContext } from "./context.js";
export { createTimersService } from "./service.js";
