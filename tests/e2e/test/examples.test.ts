/**
 * The examples as a person runs them: `flovyn demo <name>` against a development server. Goal: each ends with its result and
 * exit code 0, prints its history as it is, and the history holds exactly the events that the example stands for; one that is
 * killed with kill -9 goes on when it is run again.
 */
import type { OnboardedCustomer } from "@flovyn/example-customer-onboarding";
import type { ExpenseOutcome } from "@flovyn/example-expense-approval";
import type { ExportedReport } from "@flovyn/example-report-export";
import type { SalesReport } from "@flovyn/example-sales-report";
import type { ChatOutcome } from "@flovyn/example-support-chat";
import type { TripOutcome } from "@flovyn/example-travel-booking";
import type { TestProcess } from "@flovyn/testing";
import { describe, expect, it, vi } from "vitest";
import { type HistoryItem, killedAtLine, printedJson, useDevServer } from "./use-dev-server.js";

/** A demo loads a whole server and takes seconds; one whose worker died waits until that is noticed. */
vi.setConfig({ testTimeout: 300_000 });

const server = useDevServer();

const killedAt = (line: RegExp, ...args: string[]) => killedAtLine(server, line, ...args);
const words = (text: string): string[] => text.trim().split(/\s+/);
const typesOf = (events: readonly HistoryItem[]): string[] => events.map(({ eventType }) => eventType);

/** Waits for the end of a demo; what it printed must be the history that the server keeps. */
async function ended<Result>(demo: TestProcess): Promise<{ result: Result; events: HistoryItem[]; id: string }> {
  expect((await demo.exited).code, demo.lines.join("\n")).toBe(0);
  const [, id] = (await demo.waitForLine(/^workflow ([0-9a-f-]{36})/)) as unknown as [string, string];
  const events = await server.history(id);
  const printed = demo.lines.flatMap((line) => /^ +(?:parent +)?\d+\.\d\d s +\d+ {2}([A-Z_]+)/.exec(line)?.[1] ?? []);
  expect(printed).toEqual(typesOf(events));
  return { result: printedJson<Result>(demo.lines), events, id };
}

/** What tasks of a history were scheduled for, in order. */
function scheduled(events: readonly HistoryItem[]): string[] {
  return events.filter(({ eventType }) => eventType === "TASK_SCHEDULED").map(({ data }) => data.kind);
}

describe("saga", () => {
  it("undoes what was booked, the newest first, and tries that again", async () => {
    const demo = server.flovyn("demo", "saga");
    const { result, events } = await ended<TripOutcome>(demo);
    expect(result).toEqual({ status: "undone", failure: "no car is left in Lisbon", undone: ["hotel", "flight"] });
    expect(scheduled(events)).toEqual(words("book-flight book-hotel book-car cancel-hotel cancel-flight"));
    expect(typesOf(events)).toEqual(
      words(`WORKFLOW_STARTED
        STATE_SET TASK_SCHEDULED TASK_COMPLETED
        STATE_SET TASK_SCHEDULED TASK_COMPLETED
        STATE_SET TASK_SCHEDULED TASK_FAILED
        STATE_SET TASK_SCHEDULED TASK_COMPLETED TASK_SCHEDULED TASK_COMPLETED
        STATE_SET WORKFLOW_COMPLETED`),
    );
    expect(demo.lines.join("\n")).toMatch(/cancel-hotel \(attempt 1\) +an attempt failed: the hotel did not answer/);
    expect(demo.lines.join("\n")).toMatch(/cancel-hotel \(attempt 2\) +cancelled hotel-/);
  });

  it("books everything when everything can be had", async () => {
    const { result, events } = await ended<TripOutcome>(server.flovyn("demo", "saga", "--fail", "none", "--json"));
    expect(result).toMatchObject({ status: "booked", references: { car: expect.stringMatching(/^car-/) } });
    expect(typesOf(events)).toEqual(
      words(`WORKFLOW_STARTED
        STATE_SET TASK_SCHEDULED TASK_COMPLETED
        STATE_SET TASK_SCHEDULED TASK_COMPLETED
        STATE_SET TASK_SCHEDULED TASK_COMPLETED
        STATE_SET WORKFLOW_COMPLETED`),
    );
  });
});

describe("approval", () => {
  it("is given by a POST that knows the key", async () => {
    const demo = server.flovyn("demo", "approval");
    const { result, events } = await ended<ExpenseOutcome>(demo);
    expect(result).toMatchObject({ status: "paid", decidedBy: "manager" });
    expect(typesOf(events)).toEqual(
      words(`WORKFLOW_STARTED
        STATE_SET PROMISE_CREATED TASK_SCHEDULED TASK_COMPLETED PROMISE_RESOLVED
        STATE_CLEARED TASK_SCHEDULED TASK_COMPLETED WORKFLOW_COMPLETED`),
    );
    const key = `expense:${result.expenseId}:manager`;
    expect(events[2]?.data).toMatchObject({ promiseName: "manager", idempotencyKey: key });
    expect(demo.lines.join("\n")).toContain(`POST .../promises/key:${key}/resolve {"value":{"approved":true`);
  });

  it("goes to the director when the manager is too late", async () => {
    const { result, events } = await ended<ExpenseOutcome>(server.flovyn("demo", "approval", "--timeout"));
    expect(result).toMatchObject({ status: "paid", decidedBy: "director" });
    // A mail that a busy machine takes seconds for arrives after the manager's time.
    const first = ["TASK_COMPLETED PROMISE_TIMEOUT", "PROMISE_TIMEOUT TASK_COMPLETED"];
    expect(
      first.map((ends) =>
        words(`WORKFLOW_STARTED
        STATE_SET PROMISE_CREATED TASK_SCHEDULED ${ends}
        STATE_SET PROMISE_CREATED TASK_SCHEDULED TASK_COMPLETED PROMISE_RESOLVED
        STATE_CLEARED TASK_SCHEDULED TASK_COMPLETED WORKFLOW_COMPLETED`),
      ),
    ).toContainEqual(typesOf(events));
  });

  it("comes after the death of the worker that waited for it", async () => {
    const { id } = await killedAt(/PROMISE_CREATED/, "demo", "approval");
    const second = server.flovyn("demo", "approval", "--json");
    const again = await ended<ExpenseOutcome>(second);
    expect(second.lines).toContain(`workflow ${id}, continued`);
    expect(again.result).toMatchObject({ status: "paid", decidedBy: "manager" });
    expect(again.events.filter(({ eventType }) => eventType === "PROMISE_CREATED")).toHaveLength(1);
  });
});

describe("polling", () => {
  const types = words(`WORKFLOW_STARTED TASK_SCHEDULED TASK_COMPLETED
    TASK_SCHEDULED TASK_COMPLETED TIMER_STARTED TIMER_FIRED
    TASK_SCHEDULED TASK_COMPLETED TIMER_STARTED TIMER_FIRED
    TASK_SCHEDULED TASK_COMPLETED TIMER_STARTED TIMER_FIRED
    TASK_SCHEDULED TASK_COMPLETED WORKFLOW_COMPLETED`);
  const sleeps = (events: readonly HistoryItem[]) =>
    events.filter(({ eventType }) => eventType === "TIMER_STARTED").map(({ data }) => data.durationMs);

  it("looks again after sleeps that grow", async () => {
    const { result, events } = await ended<ExportedReport>(server.flovyn("demo", "polling"));
    expect(result).toMatchObject({ report: "revenue-2026", looks: 4 });
    expect(typesOf(events)).toEqual(types);
    expect(sleeps(events)).toEqual([200, 400, 800]);
  });

  it("leaves the same history when its worker is killed while it sleeps", async () => {
    const first = await killedAt(/TIMER_STARTED +timer-1/, "demo", "polling");
    const second = server.flovyn("demo", "polling");
    const { result, events, id } = await ended<ExportedReport>(second);
    expect(id).toBe(first.id);
    expect(second.lines).toContain(`workflow ${id}, continued`);
    expect(result.looks).toBe(4);
    expect(typesOf(events)).toEqual(types);
    expect(sleeps(events)).toEqual([200, 400, 800]);
  });
});

describe("fan-out", () => {
  it("has four tasks open at a time and bears the one that fails", async () => {
    const { result, events } = await ended<SalesReport>(server.flovyn("demo", "fan-out"));
    expect(result).toMatchObject({
      stores: 11,
      missing: [{ store: "Graz", reason: "the till of Graz cannot be read" }],
    });
    expect(Object.values(result.revenue).reduce((sum, cents) => sum + cents)).toBe(result.totalCents);
    // Which task ends first is chance; which events there are, and how many tasks are open, is not.
    expect(typesOf(events).slice(0, 5)).toEqual(
      words("WORKFLOW_STARTED TASK_SCHEDULED TASK_SCHEDULED TASK_SCHEDULED TASK_SCHEDULED"),
    );
    expect(typesOf(events).sort()).toEqual([
      ...Array<string>(11).fill("TASK_COMPLETED"),
      "TASK_FAILED",
      ...Array<string>(12).fill("TASK_SCHEDULED"),
      "WORKFLOW_COMPLETED",
      "WORKFLOW_STARTED",
    ]);
    let open = 0;
    for (const { eventType } of events) {
      if (eventType === "TASK_SCHEDULED") open += 1;
      if (eventType === "TASK_COMPLETED" || eventType === "TASK_FAILED") open -= 1;
      expect(open).toBeLessThanOrEqual(4);
    }
  });
});

describe("conversation", () => {
  it("answers every line and ends when nobody speaks", async () => {
    const demo = server.flovyn("demo", "conversation");
    const { result, events } = await ended<ChatOutcome>(demo);
    expect(result.end).toBe("idle");
    expect(result.lines.filter(({ from }) => from === "customer").map(({ text }) => text)).toEqual([
      "Where is my order?",
      "It is number A-1001.",
      "And may I still change the address?",
    ]);
    const signals = events.filter(({ eventType }) => eventType === "SIGNAL_RECEIVED");
    expect(signals.map(({ data }) => data.signalId ?? "")).toEqual(["", "line-2", "line-3"]);
    // How many lines find the agent busy is chance, and with it how many are answered together; nothing else is.
    expect([2, 3]).toContain(result.answers);
    const turn = words("TIMER_STARTED TIMER_CANCELLED TASK_SCHEDULED TASK_COMPLETED STATE_SET");
    expect(typesOf(events.filter((event) => !signals.includes(event) && !isMark(event)))).toEqual([
      "WORKFLOW_STARTED",
      ...Array(result.answers).fill(turn).flat(),
      ...words("TIMER_STARTED TIMER_FIRED WORKFLOW_COMPLETED"),
    ]);
    expect(demo.lines.join("\n")).toMatch(/outside query transcript: 2 lines, the last: Hello Ada\./);
  });

  /** Left by a drain that saw a signal which came while the activation was under way. */
  function isMark({ eventType, data }: HistoryItem): boolean {
    return eventType === "OPERATION_COMPLETED" && data.operationName === "flovyn:signals";
  }
});

describe("children", () => {
  it("show a success, a failure that is handled, and one that the parent cancels", async () => {
    const demo = server.flovyn("demo", "children");
    const { result, events } = await ended<OnboardedCustomer>(demo);
    expect(result).toMatchObject({
      limitCents: 0,
      creditRefused: 'Task "ask-credit-bureau" failed: nothing is known of Ada Lovelace',
      reminders: "Child workflow cancelled: the account is open",
    });
    expect(events.map(({ eventType, data }) => `${eventType} ${data.childExecutionName ?? ""}`.trim())).toEqual([
      "WORKFLOW_STARTED",
      "CHILD_WORKFLOW_INITIATED reminders",
      "CHILD_WORKFLOW_INITIATED credit",
      "CHILD_WORKFLOW_FAILED credit",
      "CHILD_WORKFLOW_INITIATED account",
      "CHILD_WORKFLOW_COMPLETED account",
      "CHILD_WORKFLOW_FAILED reminders",
      "WORKFLOW_COMPLETED",
    ]);

    const historyOf = async (child: string) => {
      const initiated = events.find(({ data }) => data.childExecutionName === child);
      return typesOf(await server.history(initiated?.data.childExecutionId));
    };
    expect(await historyOf("credit")).toEqual(
      words("WORKFLOW_STARTED TASK_SCHEDULED TASK_FAILED WORKFLOW_EXECUTION_FAILED"),
    );
    expect(await historyOf("account")).toEqual(
      words("WORKFLOW_STARTED TASK_SCHEDULED TASK_COMPLETED TIMER_STARTED TIMER_FIRED WORKFLOW_COMPLETED"),
    );
    expect((await historyOf("reminders")).slice(-2)).toEqual(words("CANCELLATION_REQUESTED WORKFLOW_CANCELLED"));
    expect(demo.lines.join("\n")).toMatch(
      / {2}credit +\d+\.\d\d s +3 {2}TASK_FAILED +ask-credit-bureau: nothing is known/,
    );
  });
});
