import type { Line } from "./chat.js";

/** What the customer said since the agent's last line. */
export function unanswered(lines: readonly Line[]): string[] {
  const last = lines.findLastIndex(({ from }) => from === "agent");
  return lines.slice(last + 1).map(({ text }) => text);
}

/** In place of a language model. */
export function composeAnswer(customer: string, lines: readonly Line[]): string {
  const questions = unanswered(lines);
  const greeting = questions.length === lines.length ? `Hello ${customer}. ` : "";
  const count = questions.length === 1 ? "your question" : `your ${questions.length} questions`;
  return `${greeting}About ${count}: ${questions.join(" / ")} - we look into it.`;
}
