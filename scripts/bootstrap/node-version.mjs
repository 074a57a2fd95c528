import { recommendedNode, supportedNodes } from "./node-versions.mjs";

/** Ends the process with what to do when this Node is none the project runs on. */
export function requireNodeVersion() {
  if (isSupported(process.versions.node)) return;
  const versions = supportedNodes.map(({ major, lowestMinor }) => `${major}.${lowestMinor}`);
  process.stderr.write(
    `Flovyn needs Node ${versions.slice(0, -1).join(", ")} or ${versions.at(-1)}, or a later one of the same major; ` +
      `this is ${process.versions.node} (${process.execPath}).\n` +
      `Get it from https://nodejs.org/en/download, or with a version manager: ` +
      `nvm install ${recommendedNode} && nvm use ${recommendedNode}\n`,
  );
  process.exit(1);
}

/** @param {string} version */
export function isSupported(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return supportedNodes.some((known) => known.major === major && minor >= known.lowestMinor);
}
