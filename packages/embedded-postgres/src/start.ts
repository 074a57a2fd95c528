import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Account, chooseAccount } from "./account.js";
import { installBinaries } from "./binaries.js";
import { openCluster, SUPERUSER } from "./cluster.js";
import { ensureDatabase } from "./database.js";
import { takeOver } from "./give-tree.js";
import { prepareHome } from "./home.js";
import { clearLeftover } from "./leftover.js";
import { takeOwnership } from "./owner.js";
import { freePort, HOST, portBusy, requireFree } from "./port.js";
import { type Exit, Postmaster } from "./postmaster.js";
import { isDurable, serverArguments } from "./settings.js";

const DATABASE = "flovyn";
/** A free port can be taken between the look and the start. */
const PORT_TRIES = 5;
/** Processes of a killed Postgres need a moment to notice and let go of its memory. */
const MEMORY_TRIES = 50;
const MEMORY_PAUSE_MS = 100;

export interface EmbeddedPostgresOptions {
  /** Where the data is kept between starts; made when missing. */
  dataDir: string;
  /** Default: a free one, another at each start. */
  port?: number;
  /** Receives what this package does and what Postgres prints, line by line. */
  log?: (line: string) => void;
  /** Settings of postgresql.conf, over those of this package. */
  settings?: Record<string, string>;
}

export interface EmbeddedPostgres {
  /** With user, password and the database `flovyn`. */
  url: string;
  port: number;
  /** Where the data is. Another directory than asked for when root asked for one that no other user can reach. */
  dataDir: string;
  pid: number;
  /** Settles when Postgres has ended, by stop() or by itself. */
  exited: Promise<Exit>;
  /** Shuts Postgres down and waits for it. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts a private Postgres on 127.0.0.1, with its data in `dataDir`. Ends with this process at the latest.
 * Errors: EmbeddedPostgresError with codes Unsupported, NoAccount, InUse, PortBusy, Failed.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => undefined);
  const settings = options.settings ?? {};
  const { home, account } = prepareHome(options.dataDir, chooseAccount, log);
  const release = takeOwnership(home);
  try {
    const binaries = installBinaries(home);
    const cluster = await openCluster({ home, binaries, account, sync: isDurable(settings) });
    await clearLeftover(cluster.directory, log);
    takeOver(cluster.directory, account, log);
    const launch = { program: join(binaries, "bin", "postgres"), cluster: cluster.directory, account, settings, log };
    const { postmaster, port } = await startOnPort(launch, options.port);
    const address = `postgres://${SUPERUSER}:${cluster.password}@${HOST}:${port}`;
    let stopping: Promise<void> | undefined;
    const stop = () => {
      stopping ??= postmaster.stop().finally(release);
      return stopping;
    };
    try {
      await ensureDatabase(`${address}/postgres`, DATABASE);
    } catch (error) {
      await stop();
      throw error;
    }
    return {
      url: `${address}/${DATABASE}`,
      port,
      dataDir: home,
      pid: postmaster.pid,
      exited: postmaster.exited,
      stop,
    };
  } catch (error) {
    release();
    throw error;
  }
}

interface Launch {
  program: string;
  cluster: string;
  account: Account | undefined;
  settings: Record<string, string>;
  log: (line: string) => void;
}

async function startOnPort(
  launch: Launch,
  wanted: number | undefined,
): Promise<{ postmaster: Postmaster; port: number }> {
  let memoryTries = 0;
  let portTries = 0;
  for (;;) {
    const port = wanted === undefined ? await freePort() : await requireFree(wanted);
    const postmaster = new Postmaster({ ...launch, args: serverArguments(port, launch.settings) });
    try {
      await postmaster.waitUntilReady(launch.cluster);
      return { postmaster, port };
    } catch (error) {
      if (isMemoryHeld(postmaster.output) && memoryTries < MEMORY_TRIES) {
        memoryTries += 1;
        await pause(MEMORY_PAUSE_MS);
      } else if (isPortTaken(postmaster.output)) {
        if (wanted !== undefined) throw portBusy(wanted, error);
        portTries += 1;
        if (portTries >= PORT_TRIES) throw error;
      } else {
        throw error;
      }
    }
  }
}

function isMemoryHeld(output: string): boolean {
  return output.includes("pre-existing shared memory block");
}

function isPortTaken(output: string): boolean {
  return output.includes("could not bind") && output.includes("Address already in use");
}
