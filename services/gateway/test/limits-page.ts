/** docs/limits.md, made from the tables that the server goes by. */
import * as domain from "@flovyn/domain";
import { budgetNames, budgetTable, type LimitsConfig } from "@flovyn/runtime";
import { routes } from "../src/grpc/routes.js";
import { heavyAnswerBytes, heavyRequestBytes, restBodyBytesMax, restInputBytesMax } from "../src/limits.js";

const scopes = ["connection", "principal", "org", "address", "process"] as const;

/** The whole page, for the default configuration. */
export function limitsPage(defaults: LimitsConfig): string {
  return `# Limits

Each thing that callers can take of a gateway has a limit. It is counted where it is taken, and a call that would take more
is refused before it does. Sizes are those of one gateway; several gateways count for themselves.
\`GET /api/orgs/{slug}/limits\` shows an organization its limits and what it uses of them at the gateway that answers.

## Budgets

${table(["budget", "of what", "unit", ...scopes.map((scope) => `\`${scope}\``)], budgetNames.map(budgetRow))}

\`[limits.budgets.<name>]\` of the configuration sets a size: \`held_polls = { org = 1000 }\`, in the environment
\`LIMITS__BUDGETS__HELD_POLLS__ORG=1000\`. 0 turns a scope off; \`process\`, the whole gateway, stays on. A \`principal\`
is a key's \`principal_id\`, whatever credentials it has; an \`address\` is one IPv4 address or one /64 of IPv6. Behind a
proxy all callers have its address: turn that scope off there. A worker of the SDK holds one poll for workflows and one for
tasks of each of its free slots at least: a budget of polls that is smaller than that makes it wait.

**Shares.** An organization gets what its \`org\` size says, but no more than a share of the gateway, so that something is
always left for one that comes later: it may take more only while it has less than what is still free. Of 50,000 polls an
organization that is alone gets 25,000, then 25,000 are free; two that want everything get 16,667 each, and 16,667 stay free;
n of them get one (n + 1)th each. \`limits.share_percent\`, ${defaults.sharePercent} by default, is the part that one alone may
take. The same holds for addresses.

**Refusals** are \`RESOURCE_EXHAUSTED\` over gRPC and 429 over HTTP, with the reason \`BUDGET_EXCEEDED\`, and say when to try
again (\`grpc-retry-pushback-ms\`, \`Retry-After\`):
\`held_polls: the organization may hold 25000 polls at the moment; try again in 1000 ms\`.
The number is the smaller one of the size and the share. Connections beyond their budget are closed at once. A live stream
whose reader is too slow ends with a comment that says so. An answer that is not read is cut off after a minute, and a second
more for each 64 KiB of it.

In the answer of \`GET …/limits\`, \`limits\` are the sizes, \`available\` is the most that the organization could have in
all at the moment (null where it is not limited), \`used\` is what it and the key that asks have, and \`retryAfterMs\` is when
to try again after a refusal. Budgets that are counted by address are left out.

Metrics: \`flovyn_gateway_budget_used\`, \`flovyn_gateway_budget_limit\`, \`flovyn_gateway_budget_largest_share\` and
\`flovyn_gateway_budget_refused_total\`, by budget.

## Rates

An organization may make ${number(defaults.org.requestsPerSecond)} calls a second, and ${number(defaults.org.burst)} at once
after a pause, unless its quotas or its tier say otherwise; each 16 KiB of requests and answers count as one more. 0 turns the
rate off.
\`limits.org_requests_per_second\` and \`limits.org_burst\`
set it. Refusals have the reason \`RATE_LIMIT\`. [configuration.md](configuration.md#keys) has the settings.

## Fair turns at the services

Calls of an organization that is alone run at the services ${number(defaults.serviceCalls.alone)} at a time
(\`limits.service_calls\`). While several organizations call, all of them together have ${defaults.serviceCalls.shared} at a
time (\`limits.service_calls_shared\`), and the next turn goes to the one that has the fewest running. Calls with requests
of ${heavyRequestBytes / 1024} KiB and more, and those whose like last had answers of ${heavyAnswerBytes / 1024} KiB and more, have turns of their own: while several
organizations call, each has one such call at a time, and pauses after it for as long as it took. A call waits for its turn
and is not refused; the wait counts against its deadline.

## Messages

A message over gRPC has a size, also after decompression, and a number of elements. Elements are the fields that are set in
it and in the messages within it; a list counts as many as it has entries. A message with more is refused before it is
decoded.

${table(["RPC", "bytes", "elements"], messageRows())}

The body of a request over HTTP has at most ${number(restBodyBytesMax)} bytes, one payload in it at most
${number(restInputBytesMax)}.

## Values

${table(["value", "at most"], valueRows())}

This page is generated from the tables that the server goes by: change those, then run
\`FLOVYN_WRITE_DOCS=1 npx vitest run services/gateway/test/limits-docs.test.ts\`.
`;
}

function budgetRow(name: (typeof budgetNames)[number]): string[] {
  const { what, unit, limits } = budgetTable[name];
  const sizes: Partial<Record<(typeof scopes)[number], number>> = limits;
  return [
    `\`${name}\``,
    what,
    unit,
    ...scopes.map((scope) => (sizes[scope] === undefined ? "" : number(sizes[scope]))),
  ];
}

function messageRows(): string[][] {
  const byLimits = new Map<string, string[]>();
  for (const { name, limits } of routes) {
    const key = `${limits.bytes} ${limits.elements}`;
    byLimits.set(key, [...(byLimits.get(key) ?? []), name]);
  }
  const sorted = [...byLimits].map(([key, names]) => ({ sizes: key.split(" ").map(Number), names }));
  return sorted
    .sort((a, b) => (a.sizes[0] ?? 0) - (b.sizes[0] ?? 0) || (a.sizes[1] ?? 0) - (b.sizes[1] ?? 0))
    .map(({ sizes, names }) => [names.join(", "), ...sizes.map(number)]);
}

function valueRows(): string[][] {
  return [
    ["payload: input, output, value, result", `${number(domain.payloadBytesMax)} bytes`],
    ["commands in one submission", number(domain.commandsPerSubmissionMax)],
    ["kind", `${domain.kindLengthMax} characters`],
    ["queue", `${domain.queueLengthMax} printable ASCII characters`],
    ["name, idempotency key", `${domain.nameLengthMax} characters`],
    ["metadata", `${domain.metadataKeysMax} keys, ${number(domain.metadataBytesMax)} bytes`],
    ["text of an error, cut beyond", `${number(domain.errorTextMax)} characters`],
    ["reason of a cancel", `${domain.cancelReasonMax} characters`],
    ["time to live of an idempotency key", `${number(domain.keyTtlSecondsMax)} s`],
    ["retries of a task", number(domain.maxRetriesMax)],
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
