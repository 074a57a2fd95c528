const MAJOR = 20;
const MINOR = 20;

/** Ends the process with what to do when this Node is none the project runs on. Mirrors `engines` of package.json. */
export function requireNodeVersion() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major === MAJOR && minor >= MINOR) return;
  process.stderr.write(
    `Flovyn needs Node ${MAJOR}.${MINOR} or a later ${MAJOR}.x; this is ${process.versions.node} (${process.execPath}).\n` +
      `Get it from https://nodejs.org/en/download, or with a version manager: nvm install ${MAJOR} && nvm use ${MAJOR}\n`,
  );
  process.exit(1);
}
