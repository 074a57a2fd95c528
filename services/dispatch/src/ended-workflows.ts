import { DomainError } from "@flovyn/domain";

export function noSuchWorkflow(): DomainError {
  return new DomainError("NotFound", "workflow_execution_id: there is no such workflow execution");
}
