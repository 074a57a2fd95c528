import { terminalLine } from "@flovyn/runtime";

/** The lines of a table: columns of text, each as wide as its widest entry is when it is printed. */
export function tableLines(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const shown = rows.map((row) => row.map(terminalLine));
  const widths = head.map((title, column) => Math.max(title.length, ...shown.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [head, ...shown].map(line);
}
