import type { DurationInput } from "@flovyn/sdk";

export interface Chat {
  customer: string;
  /** The conversation ends when the customer says nothing for so long. */
  idleAfter: DurationInput;
}

export interface Line {
  from: "customer" | "agent";
  text: string;
}

export interface ChatOutcome {
  end: "idle" | "full";
  answers: number;
  lines: Line[];
}

/** The signal by which the customer says something; its value is the text. */
export const saySignal = "say";
/** The state key under which a query finds the conversation so far. */
export const transcriptKey = "transcript";
