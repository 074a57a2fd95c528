import { bookTrip, type Part, registerTravelBooking, sampleTrip } from "@flovyn/example-travel-booking";
import { UsageError } from "../command-line/errors.js";
import type { RunDemo } from "./demo.js";
import { runExample } from "./example-run.js";

export const run: RunDemo = ({ fail = "car", ...options }) => {
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
};

function readPart(text: string): Part[] {
  if (text === "none") return [];
  if (text === "flight" || text === "hotel" || text === "car") return [text];
  throw new UsageError(`--fail takes flight, hotel, car or none, not ${text}`);
}
