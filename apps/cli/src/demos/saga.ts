import { bookTrip, type Part, registerTravelBooking, sampleTrip } from "@flovyn/example-travel-booking";
import { UsageError } from "../usage.js";
import type { Demo } from "./demo.js";
import { runExample } from "./example-run.js";

export const saga: Demo = {
  name: "saga",
  usage: "[--fail PART]",
  summary: "a trip: no car is left, so hotel and flight are cancelled again",
  options: ["fail"],
  words: 0,
  run: ({ fail = "car", ...options }) => {
    const soldOut = readPart(fail);
    return runExample(
      {
        name: `saga-${fail}`,
        definition: bookTrip,
        register: registerTravelBooking,
        start: (client) => client.startWorkflow(bookTrip, { ...sampleTrip, soldOut }),
      },
      options,
    );
  },
};

function readPart(text: string): Part[] {
  if (text === "none") return [];
  if (text === "flight" || text === "hotel" || text === "car") return [text];
  throw new UsageError(`--fail takes flight, hotel, car or none, not ${text}`);
}
