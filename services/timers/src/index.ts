export { createTimersService } from "./service.js";
