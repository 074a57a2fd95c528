import { terminalLine } from "@flovyn/runtime";

/** A problem of HTTP itself, which no code of a DomainError means. */
export interface HttpProblemParts {
  /** Last part of the type. */
  name: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  field?: string;
}

/** Such a problem as problem+json. It has to be corrected before it is sent again. */
export function httpProblemText(problem: HttpProblemParts, requestId: string): string {
  const { name, title, status, detail, code, field } = problem;
  return problemText({
    type: `https://flovyn.dev/problems/${name}`,
    title,
    status,
    detail,
    instance: requestId,
    error: detail,
    code,
    ...(field !== undefined && { field }),
    retryable: false,
  });
}

/** A problem may quote the caller, and is read in terminals: of the same value as any JSON text of it. */
export function problemText(problem: object): string {
  return terminalLine(JSON.stringify(problem));
}
