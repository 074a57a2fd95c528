export interface ServerAddress {
  /** `host:port`, as grpc-js takes it. */
  readonly target: string;
  readonly tls: boolean;
}

const portDefault = "9090";

/**
 * Reads `http://host:port`, `https://host:port` or `host:port`. The port is 9090 when left out, 443 over https.
 * Errors: RangeError naming serverUrl.
 */
export function readServerUrl(serverUrl: string): ServerAddress {
  const text = serverUrl.includes("://") ? serverUrl : `http://${serverUrl}`;
  if (!URL.canParse(text)) throw wrong(serverUrl, "is not a URL");
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") throw wrong(serverUrl, "must begin with http or https");
  if (url.pathname !== "/" && url.pathname !== "") throw wrong(serverUrl, "must not have a path");
  const tls = url.protocol === "https:";
  return { target: `${url.hostname}:${url.port || impliedPort(text, tls)}`, tls };
}

/** URL drops a port that is the default of its protocol, although it was written. */
function impliedPort(text: string, tls: boolean): string {
  if (tls) return "443";
  return /:80\/?$/.test(text) ? "80" : portDefault;
}

function wrong(serverUrl: string, problem: string): RangeError {
  return new RangeError(`serverUrl: ${JSON.stringify(serverUrl)} ${problem}; write for example http://localhost:9090`);
}
