import { createHash } from "node:crypto";
import { NonRetryableError, type TaskDefinition, task } from "@flovyn/sdk";
import type { Booking, Part, Trip } from "./trip.js";

export interface BookingRequest {
  /** Chosen by the workflow. A supplier that gets it twice books once, so an attempt may be repeated. */
  tripId: string;
  trip: Trip;
}

export const bookFlight = booking("flight");
export const bookHotel = booking("hotel");
export const bookCar = booking("car");

export const cancelFlight = cancellation("flight");
export const cancelHotel = cancellation("hotel");
export const cancelCar = cancellation("car");

function booking(part: Part): TaskDefinition<BookingRequest, Booking> {
  return task({
    name: `book-${part}`,
    retry: { maxRetries: 5, strategy: "exponential", base: "200ms", max: "5s" },
    run: (_ctx, { tripId, trip }: BookingRequest): Booking => {
      // A clear no. Asking again would not help, and there is nothing to undo at this supplier.
      if (trip.soldOut.includes(part)) throw new NonRetryableError(`no ${part} is left in ${trip.to}`);
      return { reference: `${part}-${createHash("sha256").update(tripId).digest("hex").slice(0, 8)}` };
    },
  });
}

/** Taking back has to succeed in the end, so it is tried for days, and cancelling what is cancelled is no error. */
function cancellation(part: Part): TaskDefinition<Booking, void> {
  return task({
    name: `cancel-${part}`,
    retry: { maxRetries: 1000, strategy: "exponential", base: "200ms", max: "5m" },
    run: (ctx, { reference }: Booking): void => {
      // The hotels of this example never answer the first call.
      if (part === "hotel" && ctx.attempt === 1) throw new Error("the hotel did not answer");
      ctx.log.info(`cancelled ${reference}`);
    },
  });
}
