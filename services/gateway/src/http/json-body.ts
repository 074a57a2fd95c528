/**
 * `application/json` or `application/…+json`, with or without parameters. What browsers send to other origins without asking
 * them first (`text/plain`, forms, multipart) is none of these, so no page of another origin can send a body.
 */
const jsonType = /^application\/(?:[a-z0-9!#$&^_.+-]+\+)?json[ \t]*(?:;(.*))?$/i;
const charsetParameter = /^\s*charset\s*=\s*"?([^"]*?)"?\s*$/i;
const utf8Names = ["utf-8", "utf8"];

/** A header of a body that cannot be read here, and what it must be. */
export interface ForeignBody {
  field: "Content-Type" | "Content-Encoding";
  problem: string;
}

/**
 * What keeps a body from being read as JSON in UTF-8, by the head of its request alone: another type or no type, another
 * charset, a compression. Undefined where nothing does, and where there is no body.
 */
export function foreignBody(headers: Headers): ForeignBody | undefined {
  if (!hasBody(headers)) return undefined;
  const encoding = headers.get("content-encoding")?.trim() ?? "";
  if (encoding !== "" && encoding.toLowerCase() !== "identity") {
    return { field: "Content-Encoding", problem: "must be left out: bodies are read as they are, without compression" };
  }
  const [isJson, parameters = ""] = jsonType.exec(headers.get("content-type")?.trim() ?? "") ?? [];
  if (isJson === undefined) {
    return { field: "Content-Type", problem: "must be application/json, or another type that ends in +json" };
  }
  const charsets = parameters.split(";").flatMap((parameter) => charsetParameter.exec(parameter)?.[1] ?? []);
  if (charsets.every((charset) => utf8Names.includes(charset.toLowerCase()))) return undefined;
  return { field: "Content-Type", problem: "charset must be utf-8" };
}

/** By its head alone: in HTTP/1.1 one of the two says so. */
function hasBody(headers: Headers): boolean {
  const length = headers.get("content-length");
  return headers.has("transfer-encoding") || (length !== null && Number(length) !== 0);
}
