export * from "./gen/flovyn/ext/v1/client.js";
