export type { PromisesContext } from "./context.js";
export { createPromisesService } from "./service.js";
