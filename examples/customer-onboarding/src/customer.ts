import type { DurationInput } from "@flovyn/sdk";

export interface Customer {
  name: string;
  email: string;
}

export interface Onboarding {
  customer: Customer;
  /** How long a new account rests before it is open. */
  coolingOff: DurationInput;
  /** Between two reminders to finish signing up. */
  remindEvery: DurationInput;
}

export interface OnboardedCustomer {
  account: string;
  limitCents: number;
  /** Why there is no credit, or null. */
  creditRefused: string | null;
  /** How the reminders ended. */
  reminders: string;
}

export const sampleOnboarding: Onboarding = {
  customer: { name: "Ada Lovelace", email: "ada@example.org" },
  coolingOff: "1s",
  remindEvery: "700ms",
};
