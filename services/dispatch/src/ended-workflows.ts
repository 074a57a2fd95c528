import { type DomainError, missingOf } from "@flovyn/domain";

export function noSuchWorkflow(): DomainError {
  return missingOf("workflow_execution_id", "there is no such workflow execution");
}
