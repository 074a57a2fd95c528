import { setFlagsFromString } from "node:v8";

/**
 * Has this process call WebAssembly through V8's ordinary wrapper, and not from inside optimized JavaScript. V8 11.3, the one of
 * Node 20, ends the process ("unreachable code" in Deoptimizer::DoComputeBuiltinContinuation) when some such function is
 * deoptimized while its call is under way: rare, but Cedar, fetch and Node's own module loader are WebAssembly. Costs tens of
 * nanoseconds a call. Call it first: what V8 has optimized already stays as it is.
 */
export function keepWasmCallsOutOfLine(): void {
  setFlagsFromString("--no-turbo-inline-js-wasm-calls");
}
