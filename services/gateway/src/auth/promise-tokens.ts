import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { DomainError } from "@flovyn/domain";
import type { NamedSecret } from "@flovyn/runtime";

/** What a promise token allows: to settle one promise of one org until then. */
export interface PromiseGrant {
  orgId: string;
  promiseId: string;
  expiresAtMs: number;
}

export interface PromiseTokensOptions {
  /** The first one signs, all of them verify. */
  secrets: readonly NamedSecret[];
  /** Milliseconds since 1970. */
  now: () => number;
}

/** Longer texts are not looked at; a real token has less than 300 characters. */
const tokenLengthMax = 1024;
const tokenForm = /^fpt_([A-Za-z0-9_-]{1,32})\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})$/;

/**
 * Makes and reads promise tokens: `fpt_<secret id>.<base64url of the grant as JSON>.<base64url HMAC-SHA256 of all before>`.
 * Nothing is stored: a token holds until it expires or its secret leaves the configuration. Source: docs/rest.md.
 */
export class PromiseTokens {
  readonly #secrets: ReadonlyMap<string, string>;
  readonly #signer: NamedSecret | undefined;
  readonly #now: () => number;
  /** Stands in for an unknown secret, so that verifying takes as long as with a known one. */
  readonly #decoy = randomBytes(32).toString("base64url");

  constructor({ secrets, now }: PromiseTokensOptions) {
    this.#secrets = new Map(secrets.map(({ id, secret }) => [id, secret]));
    this.#signer = secrets[0];
    this.#now = now;
  }

  /** A token for one promise that expires after this time. Errors: WrongState when there is no secret to sign with. */
  sign(promise: { orgId: string; promiseId: string }, ttlSeconds: number): { token: string; expiresAtMs: number } {
    if (this.#signer === undefined) {
      throw new DomainError("WrongState", "promise tokens are off: auth.promise_token.secrets is not configured", {
        reason: "PROMISE_TOKENS_OFF",
      });
    }
    const { orgId, promiseId } = promise;
    const grant: PromiseGrant = { orgId, promiseId, expiresAtMs: this.#now() + ttlSeconds * 1000 };
    const signed = `fpt_${this.#signer.id}.${Buffer.from(JSON.stringify(grant)).toString("base64url")}`;
    const token = `${signed}.${mac(this.#signer.secret, signed).toString("base64url")}`;
    return { token, expiresAtMs: grant.expiresAtMs };
  }

  /** What a token allows now; undefined when it was not signed here or has expired. */
  verify(token: string): PromiseGrant | undefined {
    const [, secretId, payload, given] = (token.length <= tokenLengthMax && tokenForm.exec(token)) || [];
    if (secretId === undefined || payload === undefined || given === undefined) return undefined;
    const secret = this.#secrets.get(secretId);
    const wanted = mac(secret ?? this.#decoy, `fpt_${secretId}.${payload}`);
    // As texts: the last character has two bits more than the MAC, so others would stand for the same bytes.
    const same = timingSafeEqual(Buffer.from(wanted.toString("base64url")), Buffer.from(given));
    if (!same || secret === undefined) return undefined;
    // The MAC is that of the text, so the text is the one that `sign` wrote.
    const grant = JSON.parse(Buffer.from(payload, "base64url").toString()) as PromiseGrant;
    return grant.expiresAtMs > this.#now() ? grant : undefined;
  }
}

function mac(secret: string, text: string): Buffer {
  return createHmac("sha256", secret).update(text).digest();
}
