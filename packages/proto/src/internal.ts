export * from "./gen/flovyn/internal/v1/internal.js";
