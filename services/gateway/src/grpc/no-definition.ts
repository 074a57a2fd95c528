import { DomainError } from "@flovyn/domain";
import type { RawHandler } from "./unary.js";

/** Visual definitions are not kept here, so no id has one. Errors: NotFound, always. Source: GetVisualWorkflowDefinitionById. */
export const noDefinition: RawHandler = async () => {
  throw new DomainError("NotFound", "there is no such workflow definition");
};
