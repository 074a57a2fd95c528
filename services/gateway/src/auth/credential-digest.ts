import { hash } from "node:crypto";

/** What a credential is kept and looked up by: neither memory dumps nor the time of a comparison tell anything about it. */
export function credentialDigest(credential: string): string {
  return hash("sha256", credential, "base64");
}
