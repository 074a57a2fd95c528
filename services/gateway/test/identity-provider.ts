import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

export interface SigningKey {
  kid: string;
  alg: string;
  privateKey: CryptoKey;
  publicJwk: JWK;
}

export async function makeKey(kid: string, alg: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}

/** An identity provider on a socket: describes itself, serves its keys, and counts how often it is asked for them. */
export class IdentityProvider {
  readonly #server: Server;
  keys: SigningKey[] = [];
  /** Overrides what the provider says of itself. */
  description: Record<string, unknown> = {};
  failing = false;
  keyRequests = 0;
  issuer = "";

  constructor() {
    this.#server = createServer((request, response) => {
      const answer = (body: unknown) =>
        response.setHeader("content-type", "application/json").end(JSON.stringify(body));
      if (request.url === "/keys") this.keyRequests += 1;
      if (this.failing) response.writeHead(500).end("no");
      else if (request.url === "/keys") answer({ keys: this.keys.map(({ publicJwk }) => publicJwk) });
      else answer({ issuer: this.issuer, jwks_uri: `${this.issuer}/keys`, ...this.description });
    });
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.issuer = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** A token that is valid unless a change makes it otherwise; undefined removes a claim. */
  sign(key: SigningKey, change: JWTPayload = {}, header: { kid?: string; alg?: string } = {}): Promise<string> {
    const nowSeconds = Math.floor(Date.now() / 1000);
    const usual = { iss: this.issuer, aud: "flovyn", sub: "alice", iat: nowSeconds, exp: nowSeconds + 300 };
    return new SignJWT({ ...usual, ...change })
      .setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
      .sign(key.privateKey);
  }
}
