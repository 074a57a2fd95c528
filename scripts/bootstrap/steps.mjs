import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { root } from "./root.mjs";

/** How often a step tells that it lives when the output is no terminal. */
const HEARTBEAT_MS = 10_000;
/** What a failing command printed last is shown up to this length. */
const KEPT_CHARACTERS = 60_000;

const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");

const out = process.stderr;
const isTerminal = Boolean(out.isTTY);

/** A step failed for a reason that the user has been told; the stack would add nothing. */
export class StepFailed extends Error {
  /** @param {string} message @param {string} [output] what the failing command printed */
  constructor(message, output = "") {
    super(message);
    this.output = output;
  }
}

/**
 * Runs one step and prints its name, its progress and how long it took. Everything goes to standard error, so that standard output
 * belongs to the program that is started at the end.
 *
 * @template T
 * @param {string} name
 * @param {(report: (progress: string) => void) => Promise<T> | T} work
 * @returns {Promise<T>}
 */
export async function step(name, work) {
  const startedAt = performance.now();
  let progress = "";
  const show = () => out.write(`\r\x1b[K  … ${name} ${seconds(startedAt)} ${shorten(progress)}`);
  const beat = () => out.write(`  … ${name} ${seconds(startedAt)} ${progress}\n`);
  const timer = setInterval(isTerminal ? show : beat, isTerminal ? 200 : HEARTBEAT_MS);
  if (isTerminal) show();
  try {
    const result = await work((text) => {
      progress = text;
    });
    finish("✓", name, startedAt);
    return result;
  } catch (error) {
    finish("✗", name, startedAt);
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/** Says that a step was not needed, and why. @param {string} name @param {string} why */
export function skipStep(name, why) {
  out.write(`  - ${name}: ${why}\n`);
}

/** @param {string} line */
export function say(line) {
  out.write(`${line}\n`);
}

/**
 * Runs a command inside a step and gives each line it prints to `onLine`. Its whole output is shown only when it fails.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ onLine?: ((line: string) => void) | undefined, env?: NodeJS.ProcessEnv, cwd?: string }} [options]
 * @returns {Promise<string>} what it printed
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? root,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        output = `${output}${line}\n`.slice(-KEPT_CHARACTERS);
        if (line.trim() !== "") options.onLine?.(plain(line));
      });
    }
    child.once("error", (error) => reject(new StepFailed(`${command} cannot be started: ${error.message}`)));
    child.once("close", (code, signal) => {
      if (code === 0) return resolve(output);
      const end = `${command} ${args.join(" ")} ended with ${signal ?? `code ${code}`}`;
      reject(new StepFailed(`${output.trim()}\n\n${end}`, output));
    });
  });
}

/** Runs `main`; a failed step ends the process with code 1 and its message. @param {() => Promise<void>} main */
export async function runMain(main) {
  try {
    await main();
  } catch (error) {
    say(error instanceof StepFailed ? `\n${error.message}` : String(error instanceof Error ? error.stack : error));
    process.exitCode = 1;
  }
}

/** @param {string} mark @param {string} name @param {number} startedAt */
function finish(mark, name, startedAt) {
  out.write(`${isTerminal ? "\r\x1b[K" : ""}  ${mark} ${name} ${seconds(startedAt)}\n`);
}

/** @param {number} startedAt */
function seconds(startedAt) {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}

/** @param {string} text */
function shorten(text) {
  const room = Math.max(10, (out.columns ?? 80) - 40);
  return text.length > room ? `${text.slice(0, room - 1)}…` : text;
}

/** Colours of the command would spoil our own line. @param {string} text */
function plain(text) {
  return text.replaceAll(COLOUR, "").trim();
}
