import type { FlovynClient } from "@flovyn/sdk";
import { bookCar, bookFlight, bookHotel, cancelCar, cancelFlight, cancelHotel } from "./tasks.js";
import { bookTrip } from "./workflow.js";

export * from "./tasks.js";
export * from "./trip.js";
export { bookTrip } from "./workflow.js";

/** Makes a client able to book trips. */
export function registerTravelBooking(client: FlovynClient): void {
  client.registerWorkflow(bookTrip);
  client.registerTask(bookFlight, bookHotel, bookCar, cancelFlight, cancelHotel, cancelCar);
}
