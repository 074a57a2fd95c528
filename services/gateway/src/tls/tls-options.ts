import type { SecureContextOptions, TlsOptions } from "node:tls";
import type { DoorTls } from "@flovyn/runtime";
import { tlsHandshakeTimeoutMs } from "../limits.js";
import type { Certificates, CertificateWatch } from "./certificate-watch.js";

/** A door with TLS: its certificates as they are now, and what tells of later ones. */
export interface SecuredDoor {
  door: DoorTls;
  watch: CertificateWatch;
  first: Certificates;
  /** A handshake that takes longer holds a connection for nothing. In ms. */
  handshakeMs?: number;
}

/** How a server of either door speaks TLS. */
export function tlsOptions({ door, first, handshakeMs = tlsHandshakeTimeoutMs }: SecuredDoor): TlsOptions {
  const required = door.clientAuth === "require";
  return {
    ...secureContext(first),
    requestCert: required,
    rejectUnauthorized: required,
    handshakeTimeout: handshakeMs,
  };
}

/** What `setSecureContext` takes when certificates have changed. */
export function secureContext({ cert, key, ca }: Certificates): SecureContextOptions {
  return { cert, key, ...(ca !== undefined && { ca }), minVersion: "TLSv1.2" };
}
