export { createPromisesService } from "./service.js";
