/** What a trip consists of, in the order in which it is booked. */
export type Part = "flight" | "hotel" | "car";

/** A trip as the customer wants it. */
export interface Trip {
  traveller: string;
  to: string;
  nights: number;
  /** What the suppliers of this example have nothing left of. */
  soldOut: Part[];
}

/** What a supplier gave us, and takes back. */
export interface Booking {
  reference: string;
}

export type TripOutcome =
  | { status: "booked"; references: Record<Part, string> }
  | { status: "undone"; failure: string; undone: Part[] };

export const sampleTrip: Trip = { traveller: "Ada Lovelace", to: "Lisbon", nights: 3, soldOut: ["car"] };
