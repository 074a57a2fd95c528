import type { DoorTls } from "@flovyn/runtime";
import { experimental, type ServerCredentials } from "@grpc/grpc-js";
import type { Certificates, CertificateWatch } from "./certificate-watch.js";

type CaListener = Parameters<experimental.CertificateProvider["addCaCertificateListener"]>[0];
type IdentityListener = Parameters<experimental.CertificateProvider["addIdentityCertificateListener"]>[0];

/** Credentials of the gRPC door that follow the files: grpc-js takes new ones for connections that come later. */
export function createGrpcCredentials(watch: CertificateWatch, tls: DoorTls, first: Certificates): ServerCredentials {
  const provider = new WatchedCertificates(first);
  watch.onChange((certificates) => provider.change(certificates));
  return experimental.createCertificateProviderServerCredentials(
    // The declared names of these two are the wrong way round.
    provider,
    tls.clientAuth === "none" ? null : provider,
    tls.clientAuth === "require",
  );
}

/** Tells a listener soon, not at once: grpc-js adds the server to those it tells only after it added its own listener. */
class WatchedCertificates implements experimental.CertificateProvider {
  #certificates: Certificates;
  readonly #cas = new Set<CaListener>();
  readonly #identities = new Set<IdentityListener>();

  constructor(certificates: Certificates) {
    this.#certificates = certificates;
  }

  change(certificates: Certificates): void {
    this.#certificates = certificates;
    for (const listener of this.#cas) this.#tellCa(listener);
    for (const listener of this.#identities) this.#tellIdentity(listener);
  }

  addCaCertificateListener(listener: CaListener): void {
    this.#cas.add(listener);
    queueMicrotask(() => this.#tellCa(listener));
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#cas.delete(listener);
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#identities.add(listener);
    queueMicrotask(() => this.#tellIdentity(listener));
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#identities.delete(listener);
  }

  #tellCa(listener: CaListener): void {
    const { ca } = this.#certificates;
    listener(ca === undefined ? null : { caCertificate: ca });
  }

  #tellIdentity(listener: IdentityListener): void {
    const { cert, key } = this.#certificates;
    listener({ certificate: cert, privateKey: key });
  }
}
