export interface ServerAddress {
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

const portDefault = 9090;
const tlsPortDefault = 443;

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
  const port = url.port === "" ? impliedPort(text, tls) : Number(url.port);
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port, tls };
}

/** `host:port`, as grpc-js takes it. */
export function targetOf({ host, port }: ServerAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** URL drops a port that is the default of its protocol, although it was written. */
function impliedPort(text: string, tls: boolean): number {
  if (tls) return tlsPortDefault;
  return /:80\/?$/.test(text) ? 80 : portDefault;
}

function wrong(serverUrl: string, problem: string): RangeError {
  return new RangeError(`serverUrl: ${JSON.stringify(serverUrl)} ${problem}; write for example http://localhost:9090`);
}
