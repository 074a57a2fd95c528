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

/**
 * What connections are encrypted with: AEAD under keys that are agreed upon for one connection, so that a key of a
 * certificate that leaks later opens no recorded traffic. TLS 1.3 has nothing else; of TLS 1.2 the RSA key exchange, CBC and
 * finite-field Diffie-Hellman are left out. Clients since 2014 speak one of these. Source: RFC 9325.
 */
export const cipherSuites: readonly string[] = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
];

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
  return { cert, key, ...(ca !== undefined && { ca }), minVersion: "TLSv1.2", ciphers: cipherSuites.join(":") };
}
