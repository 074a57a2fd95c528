// The answering process of the comparison. Arguments: broker URL.
import { createNatsBus } from "@flovyn/bus";
import { connect } from "nats";

const quiet = () => {};
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const url = process.argv[2];
const bus = await createNatsBus({ url, name: "responder", log });
await bus.serve("tasks", async (request) => request.payload);
const plain = await connect({ servers: new URL(url).host });
plain.subscribe("plain", { queue: "plain", callback: (_, message) => message.respond(message.data) });
await plain.flush();
process.stdout.write("ready\n");
