import { defineConfig } from "vitest/config";
import LongFilesFirst from "./tests/setup/src/long-files-first.js";

const FOLDERS = [
  "packages/*",
  "services/*",
  "apps/*",
  "examples/*",
  "bench",
  "tests/e2e",
  "tests/neighbours",
  "tests/services",
  "scripts",
];

export default defineConfig({
  test: {
    include: FOLDERS.flatMap((folder) => [`${folder}/src/**/*.test.ts`, `${folder}/test/**/*.test.ts`]),
    sequence: { sequencer: LongFilesFirst },
    globalSetup: ["./tests/setup/src/global-setup.ts"],
    pool: "forks",
    // As in the server: packages/runtime/src/wasm-calls.ts tells why.
    execArgv: ["--no-turbo-inline-js-wasm-calls"],
    // Several test files start whole clusters of processes; more files at a time only make them slower.
    maxWorkers: 2,
    // Bounds for a test that hangs, far above what any of them takes.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    teardownTimeout: 60_000,
  },
});
