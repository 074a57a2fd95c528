import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { ConfigError, type DoorTls, type Logger } from "@flovyn/runtime";
import { certificatePollMs } from "../limits.js";

/** The certificate of a door with its key, and the authorities of its clients. PEM. */
export interface Certificates {
  cert: Buffer;
  key: Buffer;
  ca: Buffer | undefined;
}

export interface CertificateWatchOptions {
  /** `tls.http` or `tls.grpc`: names the keys of the configuration. */
  name: string;
  files: DoorTls;
  log: Logger;
}

/**
 * The certificates of a door. Files are read again every few seconds, which also sees files that are mounted and swapped as
 * a whole; new ones count for new connections, open ones go on. What cannot be used is logged and changes nothing.
 */
export class CertificateWatch {
  readonly #options: CertificateWatchOptions;
  readonly #listeners: ((certificates: Certificates) => void)[] = [];
  #current: Certificates | undefined;
  /** Problem of the last look, so that it is told once. */
  #problem = "";
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;

  constructor(options: CertificateWatchOptions) {
    this.#options = options;
  }

  /** Errors: ConfigError naming the file when they cannot be used. */
  async start(): Promise<Certificates> {
    const certificates = await readCertificates(this.#options).catch((error: unknown) => {
      throw new ConfigError([textOf(error)]);
    });
    this.#current = certificates;
    this.#timer = setInterval(() => void this.runOnce(), certificatePollMs);
    this.#timer.unref();
    return certificates;
  }

  onChange(listener: (certificates: Certificates) => void): void {
    this.#listeners.push(listener);
  }

  /** Looks whether the files have changed. */
  runOnce(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#reading;
  }

  async #read(): Promise<void> {
    const { name, log } = this.#options;
    try {
      const read = await readCertificates(this.#options);
      this.#problem = "";
      if (isSame(read, this.#current)) return;
      this.#current = read;
      for (const listener of this.#listeners) listener(read);
      const { validTo } = new X509Certificate(read.cert);
      log.info({ door: name, validTo }, "the certificate of a door changed");
    } catch (error) {
      const problem = textOf(error);
      if (problem === this.#problem) return;
      this.#problem = problem;
      log.error({ door: name, problem }, "a changed certificate cannot be used: the one before stays in force");
    }
  }
}

/** A file of the configuration that cannot be used. The message names its key. */
class CertificateError extends Error {}

async function readCertificates({ name, files }: CertificateWatchOptions): Promise<Certificates> {
  const [cert, key, ca] = await Promise.all([
    readPem(`${name}.cert_file`, files.certFile),
    readPem(`${name}.key_file`, files.keyFile),
    files.clientCaFile === undefined || files.clientAuth === "none"
      ? undefined
      : readPem(`${name}.client_ca_file`, files.clientCaFile),
  ]);
  if (ca !== undefined) checkAuthorities(`${name}.client_ca_file`, ca);
  try {
    // Says whether the key is that of the certificate.
    createSecureContext({ cert, key, ...(ca !== undefined && { ca }) });
  } catch {
    throw new CertificateError(`${name}.cert_file: certificate and key cannot be used together`);
  }
  return { cert, key, ca };
}

/** TLS takes a file without a usable certificate for one without authorities, and then nobody comes in. */
function checkAuthorities(name: string, ca: Buffer): void {
  const blocks = ca.toString("latin1").match(/-----BEGIN [^-]+-----[^-]*-----END [^-]+-----/g) ?? [];
  try {
    for (const block of blocks) new X509Certificate(block);
  } catch {
    throw new CertificateError(`${name}: holds something else than certificates`);
  }
  if (blocks.length === 0) throw new CertificateError(`${name}: holds no certificate`);
}

async function readPem(name: string, file: string): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch {
    throw new CertificateError(`${name}: the file ${file} cannot be read`);
  }
  if (!bytes.includes("-----BEGIN ")) throw new CertificateError(`${name}: the file ${file} is not PEM`);
  return bytes;
}

function isSame(one: Certificates, other: Certificates | undefined): boolean {
  const same = (a: Buffer | undefined, b: Buffer | undefined) =>
    a === undefined ? b === undefined : b?.equals(a) === true;
  return other !== undefined && same(one.cert, other.cert) && same(one.key, other.key) && same(one.ca, other.ca);
}

function textOf(error: unknown): string {
  // Nobody waits for a look at files: what goes wrong in it must not end the process.
  return error instanceof Error ? error.message : String(error);
}
