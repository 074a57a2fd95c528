// Deoptimizes a hot function while its call of WebAssembly is under way. "guarded" has such calls kept out of line first.
// Needs --allow-natives-syntax. Imports the built package, as services do.
import { keepWasmCallsOutOfLine } from "@flovyn/runtime";

if (process.argv[2] === "guarded") keepWasmCallsOutOfLine();

// (import "js" "during" (func $during)) (func (export "seven") (result i32) call $during i32.const 7)
const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const types = [1, 8, 2, 0x60, 0, 0, 0x60, 0, 1, 0x7f];
const imports = [2, 13, 1, 2, ...Buffer.from("js"), 6, ...Buffer.from("during"), 0, 0];
const functions = [3, 2, 1, 1];
const exports = [7, 9, 1, 5, ...Buffer.from("seven"), 0, 1];
const code = [10, 8, 1, 6, 0, 0x10, 0, 0x41, 7, 0x0b];
let during = () => {};
const { instance } = await WebAssembly.instantiate(
  new Uint8Array([...header, ...types, ...imports, ...functions, ...exports, ...code]),
  { js: { during: () => during() } },
);
const { seven } = instance.exports;

function hot() {
  return 1 + seven();
}

// biome-ignore lint/security/noGlobalEval: natives are no JavaScript.
const native = (name) => eval(`%${name}(hot)`);
native("PrepareFunctionForOptimization");
hot();
native("OptimizeFunctionOnNextCall");
hot();
during = () => native("DeoptimizeFunction");
process.stdout.write(`\nthe result is ${hot()}\n`);
