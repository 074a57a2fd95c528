const secretName = /^(authorization|cookie|setcookie|key)$|(token|password|secret|apikey|credential|credentials)$/;
const redacted = "[redacted]";
/** Deeper than anything that is logged on purpose. */
const depthMax = 6;

/**
 * The fields of a log line with the values of secret names replaced, at any depth, whatever the spelling: `apiKey`,
 * `api_key` and `X-API-Key` are one name. Fields without secrets are passed as they are, not copied.
 */
export function redactFields<Fields extends object>(fields: Fields): Fields {
  return redactValue(fields, 0) as Fields;
}

function redactValue(value: unknown, depth: number): unknown {
  if (value === null || typeof value !== "object" || depth >= depthMax || !isPlain(value)) return value;
  let copy: Record<string, unknown> | unknown[] | undefined;
  for (const [name, inner] of Object.entries(value)) {
    const safe = isSecret(name, inner) ? redacted : redactValue(inner, depth + 1);
    if (safe === inner) continue;
    copy ??= Array.isArray(value) ? [...value] : { ...value };
    (copy as Record<string, unknown>)[name] = safe;
  }
  return copy ?? value;
}

function isSecret(name: string, value: unknown): boolean {
  if (value === undefined || value === null || value === "") return false;
  return secretName.test(name.replaceAll(/[-_]/g, "").toLowerCase());
}

function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Passwords and tokens inside URLs, bearer credentials, and keys of the forms this server gives out. */
const secretText =
  /(:\/\/(?:[^\s:/@"\\]*:)?)[^\s/@"\\]+(?=@)|(\bBearer )[^\s"\\]+|\b(flovyn_[sw]k_|fwt_|fct_|fpt_)[^\s"\\,;]+/g;

/** The text with secrets in it replaced: error messages of libraries quote addresses and headers. */
export function redactText(text: string): string {
  return text.replace(secretText, (_match, url?: string, bearer?: string, prefix?: string) => {
    return `${url ?? bearer ?? prefix ?? ""}${url === undefined ? redacted : "***"}`;
  });
}
