import type { ExampleRunOptions } from "./example-run.js";

/** What one line of `flovyn demo` offers. */
export interface Demo {
  name: string;
  /** What follows the name, as `<folder>`. */
  usage: string;
  /** One line. */
  summary: string;
  /** Options of its own. */
  options: readonly DemoOption[];
  /** How many words follow the name. */
  words: 0 | 1;
  run: (call: DemoCall) => Promise<void>;
}

export type DemoOption = "fail" | "timeout";

export interface DemoCall extends ExampleRunOptions {
  words: readonly string[];
  fail: string | undefined;
  timeout: boolean;
}
