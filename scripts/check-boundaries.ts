/**
 * Checks the direction of dependencies by reading every import of the workspace. turbo boundaries checks that imports are declared;
 * this adds what tags cannot say: who may import NATS, who may speak SQL, and that tests' helpers stay in tests.
 * Run by `npm run check`; prints each breach and ends with code 1.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

interface Package {
  name: string;
  /** Relative to the root, as in `services/gateway`. */
  directory: string;
}

interface Import {
  file: string;
  line: number;
  specifier: string;
}

interface Rule {
  text: string;
  breaks(from: Package, imported: Import): boolean;
}

const ours = (name: string) => `@flovyn/${name}`;
const SERVICES = ["gateway", "dispatch", "tasks", "timers", "promises"].map(ours);
const SQL_CLIENTS = ["pg", "drizzle-orm"];
const SQL_PACKAGES = ["db", "embedded-postgres", "testing", "test-setup", "e2e", "bench"].map(ours);
/** `flovyn doctor` asks the database how it is. */
const SQL_FILES = /^apps\/cli\/src\/commands\/doctor[/.-]/;
/** Tests and measurements, which may reach for what the product may not. */
const TEST_FILES = /\.test\.ts$|\/(?:test|bench)\//;

/** What a package may import of ours outside of its tests. Those that are not listed may import any, as far as the other rules go. */
const ALLOWED: Record<string, string[]> = {
  [ours("proto")]: [],
  [ours("domain")]: [],
  [ours("embedded-postgres")]: [],
  [ours("bus")]: ["domain", "proto"].map(ours),
  [ours("db")]: ["domain", "proto"].map(ours),
  [ours("runtime")]: ["bus", "domain", "proto"].map(ours),
  [ours("sdk")]: ["domain", "proto"].map(ours),
  [ours("testing")]: ["embedded-postgres"].map(ours),
};

const RULES: Rule[] = [
  {
    text: "a service never imports a service",
    breaks: (from, { specifier }) =>
      SERVICES.includes(from.name) && SERVICES.includes(nameOf(specifier)) && nameOf(specifier) !== from.name,
  },
  {
    text: "packages depend on packages below them only (services → runtime, bus, db → domain; bus → proto)",
    breaks: (from, { file, specifier }) => {
      const allowed = ALLOWED[from.name];
      const name = nameOf(specifier);
      if (!allowed || !name.startsWith("@flovyn/") || TEST_FILES.test(file)) return false;
      return name !== from.name && !allowed.includes(name);
    },
  },
  {
    text: "only packages/bus imports the NATS client",
    breaks: (from, { specifier }) => nameOf(specifier) === "nats" && from.name !== ours("bus"),
  },
  {
    text: "SQL is spoken only in packages/db, the embedded Postgres, tests, bench and flovyn doctor",
    breaks: (from, { file, specifier }) =>
      SQL_CLIENTS.includes(nameOf(specifier)) &&
      !SQL_PACKAGES.includes(from.name) &&
      !SQL_FILES.test(file) &&
      !TEST_FILES.test(file),
  },
  {
    text: "the gateway has no database",
    breaks: (from, { file, specifier }) =>
      from.name === ours("gateway") && nameOf(specifier) === ours("db") && !TEST_FILES.test(file),
  },
  {
    text: "@flovyn/testing is for tests and bench only",
    breaks: (from, { file, specifier }) =>
      nameOf(specifier) === ours("testing") &&
      ![ours("bench"), ours("e2e"), ours("neighbours"), ours("test-setup")].includes(from.name) &&
      !TEST_FILES.test(file),
  },
  {
    text: "what another package keeps to itself is not imported by path",
    breaks: (from, { file, specifier }) => {
      if (!specifier.startsWith(".")) return false;
      const target = relative(root, join(root, file, "..", specifier));
      return !`${target}/`.startsWith(`${from.directory}/`);
    },
  },
];

const root = fileURLToPath(new URL("..", import.meta.url));
const packages = ["packages", "services", "apps", "examples", "tests"]
  .flatMap((group) => readdirSync(join(root, group)).map((name) => `${group}/${name}`))
  .concat("bench")
  .filter((directory) => existsSync(join(root, directory, "package.json")))
  .map(readPackage);

let files = 0;
const breaches = packages.flatMap(check);
for (const breach of breaches) process.stdout.write(`${breach}\n`);
process.stdout.write(`${files} files in ${packages.length} packages, ${breaches.length} breaches\n`);
if (breaches.length > 0) process.exitCode = 1;

function check(from: Package): string[] {
  const found: string[] = [];
  for (const file of sourcesBelow(from.directory)) {
    files += 1;
    for (const imported of importsOf(file)) {
      for (const rule of RULES) {
        if (rule.breaks(from, imported)) {
          found.push(`${file}:${imported.line} imports ${imported.specifier}: ${rule.text}`);
        }
      }
    }
  }
  return found;
}

function importsOf(file: string): Import[] {
  const found: Import[] = [];
  const lines = readFileSync(join(root, file), "utf8").split("\n");
  for (const [index, text] of lines.entries()) {
    // Static imports and exports end with the specifier, also over several lines; dynamic ones call import().
    const specifier = /(?:^\s*import|\bfrom|\bimport\()\s*["']([^"']+)["']/.exec(text)?.[1];
    if (specifier) found.push({ file, line: index + 1, specifier });
  }
  return found;
}

/** The package a specifier names, without the path inside of it. */
function nameOf(specifier: string): string {
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? specifier);
}

function sourcesBelow(directory: string): string[] {
  return readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory()) return ["node_modules", "dist", "gen"].includes(entry.name) ? [] : sourcesBelow(path);
    return /\.(ts|mts|mjs|js)$/.test(entry.name) ? [path] : [];
  });
}

function readPackage(directory: string): Package {
  const { name } = JSON.parse(readFileSync(join(root, directory, "package.json"), "utf8"));
  return { name, directory };
}
