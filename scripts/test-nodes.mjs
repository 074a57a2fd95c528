// npm run test:nodes: the tests that say whether a Node will do, on every other Node that the project runs on.
process.argv.push("--other-nodes-only");
await import("./test.mjs");
