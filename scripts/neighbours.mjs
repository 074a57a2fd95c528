// npm run test:neighbours: long attacks on a server while a neighbour works on it, one file at a time because times count.
process.env.FLOVYN_NEIGHBOURS = "full";
process.argv.push("tests/neighbours/test", "--no-file-parallelism");
await import("./test.mjs");
