import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface IssuedCertificate {
  certFile: string;
  keyFile: string;
  cert: Buffer;
  key: Buffer;
}

/** P-256, which is the usual one, or RSA of 2048 bits. */
export type KeyType = "EC" | "RSA";

/** An authority of a test, with its files in a new directory. It is made by `openssl`, a package of every Debian. */
export interface CertificateAuthority {
  caFile: string;
  ca: Buffer;
  directory: string;
  /** For `localhost` and both loop-back addresses, and for clients. Negative days make one that has expired. */
  issue(name: string, options?: { days?: number; keys?: KeyType }): Promise<IssuedCertificate>;
}

/** Errors: Error saying that openssl is missing. */
export async function createCertificateAuthority(name = "test authority"): Promise<CertificateAuthority> {
  const directory = mkdtempSync(join(tmpdir(), "flovyn-certificates-"));
  const file = (part: string) => join(directory, part);
  const openssl = async (...args: string[]) => {
    try {
      await run("openssl", args);
    } catch (cause) {
      const missing = (cause as { code?: unknown }).code === "ENOENT";
      throw new Error(missing ? "openssl is missing: install the Debian package openssl" : "openssl failed", { cause });
    }
  };
  const newKey = (path: string, keys: KeyType = "EC") => {
    const option = keys === "EC" ? "ec_paramgen_curve:P-256" : "rsa_keygen_bits:2048";
    return openssl("genpkey", "-algorithm", keys, "-pkeyopt", option, "-out", path);
  };
  await newKey(file("ca.key"));
  const self = ["req", "-x509", "-new", "-key", file("ca.key"), "-subj", `/CN=${name}`, "-days", "2"];
  await openssl(...self, "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", file("ca.pem"));
  let serial = 1;
  return {
    caFile: file("ca.pem"),
    ca: readFileSync(file("ca.pem")),
    directory,
    async issue(subject, { days = 2, keys } = {}) {
      const stem = `${subject.replaceAll(/[^a-z0-9-]/g, "-")}-${serial}`;
      const [keyFile, certFile, request, extensions] = ["key", "pem", "csr", "ext"].map((part) =>
        file(`${stem}.${part}`),
      ) as [string, string, string, string];
      await newKey(keyFile, keys);
      await openssl("req", "-new", "-key", keyFile, "-subj", `/CN=${subject}`, "-out", request);
      writeFileSync(
        extensions,
        "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\nextendedKeyUsage=serverAuth,clientAuth\n",
      );
      const ca = ["-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-set_serial", String(serial++)];
      await openssl(
        "x509",
        "-req",
        "-in",
        request,
        ...ca,
        "-days",
        String(days),
        "-extfile",
        extensions,
        "-out",
        certFile,
      );
      return { certFile, keyFile, cert: readFileSync(certFile), key: readFileSync(keyFile) };
    },
  };
}
