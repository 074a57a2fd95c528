/**
 * The bytes of a base64url text without padding, as this server writes it. Undefined for every other text: characters of
 * another alphabet, padding, an impossible length, and bits behind the last byte that are not zero. So no two texts mean
 * the same bytes, and a text that stands for something cannot be changed unseen.
 */
export function decodeBase64Url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}
