import { createLogger } from "@flovyn/runtime";

export const silentLog = createLogger({ service: "gateway", level: "silent" });
