import type { Demo } from "./demo.js";

/** Every demo, in the order in which they are listed. */
export const demos: readonly Demo[] = [
  {
    name: "orders",
    summary: "tasks one after the other and in parallel, a payment that is retried",
    load: () => import("./orders.js"),
  },
  {
    name: "saga",
    summary: "a trip: no car is left, so hotel and flight are cancelled again",
    options: [["--fail <part>", "what is sold out: flight, hotel, car or none"]],
    examples: ["demo saga --fail hotel"],
    load: () => import("./saga.js"),
  },
  {
    name: "approval",
    summary: "a person approves by a key; --timeout: is too late, and another one does",
    options: [["--timeout", "the manager is too late, the director approves"]],
    examples: ["demo approval --timeout"],
    load: () => import("./approval.js"),
  },
  {
    name: "polling",
    summary: "a job elsewhere, looked at again and again between sleeps that grow",
    load: () => import("./polling.js"),
  },
  {
    name: "fan-out",
    summary: "twelve tasks, four at a time, added up; one of them fails",
    load: () => import("./fan-out.js"),
  },
  {
    name: "conversation",
    summary: "a chat by signals: answers what came meanwhile, ends after a silence",
    load: () => import("./conversation.js"),
  },
  {
    name: "children",
    summary: "three child workflows: one succeeds, one fails, one is cancelled",
    load: () => import("./children.js"),
  },
  {
    name: "bad-deploy",
    summary: "code that does not fit a running workflow, which is held and then healed",
    load: () => import("./bad-deploy.js"),
  },
  {
    name: "index",
    summary: "one task for each file of a folder; kill it and run it again",
    word: ["<folder>", "which folder"],
    load: () => import("./index-folder.js"),
  },
];
