export { loadGatewayConfig } from "./config.js";
export { createGatewayService, type GatewayService } from "./service.js";
