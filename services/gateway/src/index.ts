export { PolicyFileError, readPolicyFiles } from "./authorization/policy-files.js";
export { loadGatewayConfig } from "./config.js";
export { createGatewayService, type GatewayService } from "./service.js";
