export type { TasksContext } from "./context.js";
export { createTasksService } from "./service.js";
