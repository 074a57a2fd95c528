import type { Report } from "./report.js";

/** The figures for a person to read. */
export function tableOf({ title, rows }: Report): string {
  return [title, ...rows.map(([name, text]) => `  ${name.padEnd(28)}${text}`)].join("\n");
}
