import { TaskFailedError, workflow } from "@flovyn/sdk";
import { bookCar, bookFlight, bookHotel, cancelCar, cancelFlight, cancelHotel } from "./tasks.js";
import type { Part, Trip, TripOutcome } from "./trip.js";

/** How to undo one part that is booked. */
interface Undo {
  part: Part;
  run: () => Promise<void>;
}

/** Books flight, hotel and car, or nothing: when a part fails, those before it are cancelled, the newest first. */
export const bookTrip = workflow({
  name: "travel-booking",
  description: "A saga: all parts of a trip, or none.",
  run: async (ctx, trip: Trip): Promise<TripOutcome> => {
    const request = { tripId: ctx.executionId, trip };
    // Filled as parts succeed. A replay fills it in the same order, so it needs no place in the state. A part that may be
    // booked although its task failed, as after a timeout, belongs here before it is tried.
    const undo: Undo[] = [];
    try {
      ctx.set("step", "flight");
      const flight = await ctx.schedule(bookFlight, request);
      undo.push({ part: "flight", run: () => ctx.schedule(cancelFlight, flight) });

      ctx.set("step", "hotel");
      const hotel = await ctx.schedule(bookHotel, request);
      undo.push({ part: "hotel", run: () => ctx.schedule(cancelHotel, hotel) });

      ctx.set("step", "car");
      const car = await ctx.schedule(bookCar, request);
      undo.push({ part: "car", run: () => ctx.schedule(cancelCar, car) });

      ctx.set("step", "booked");
      const references = { flight: flight.reference, hotel: hotel.reference, car: car.reference };
      return { status: "booked", references };
    } catch (error) {
      // Anything else is a fault of this code, which undoing would only hide.
      if (!(error instanceof TaskFailedError)) throw error;
      ctx.set("step", "undoing");
      undo.reverse();
      for (const { run } of undo) await run();
      ctx.set("step", "undone");
      return { status: "undone", failure: error.failure, undone: undo.map(({ part }) => part) };
    }
  },
});
