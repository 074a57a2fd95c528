import type { ExampleRunOptions } from "./example-run.js";

/** One of the examples, as `flovyn demo` offers it. */
export interface Demo {
  name: string;
  /** One line. */
  summary: string;
  /** Options of its own, as commander takes them. */
  options?: readonly (readonly [flags: string, description: string])[];
  /** The word that follows the name. */
  word?: readonly [syntax: string, description: string];
  /** Further command lines for its help. */
  examples?: readonly string[];
  /** Loads what runs it. The examples are part of a checkout, and of no installation of the server. */
  load: () => Promise<{ run: RunDemo }>;
}

export type RunDemo = (call: DemoCall) => Promise<void>;

export interface DemoCall extends ExampleRunOptions {
  /** Empty where a demo takes none. */
  word: string;
  fail: string | undefined;
  timeout: boolean;
}
