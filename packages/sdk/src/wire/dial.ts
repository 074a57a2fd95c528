import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { member } from "../thrown/safely.js";
import type { ServerAddress } from "./server-url.js";

/** What keeps an address from being that of a gRPC server. */
export interface DialProblem {
  /** What was found there: `an HTTP/1.1 server answered`. */
  readonly found: string;
  /** What to look at: `that serverUrl …`. */
  readonly check: string;
  /** Trying again will not help. */
  readonly lasting: boolean;
}

const dialMs = 2000;
/** The connection preface of HTTP/2, with settings that are empty. */
const preface = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
const settingsFrame = 4;
const tlsAlert = 0x15;

/**
 * Connects once to see what is at an address, for calls that did not get there and do not say why. Undefined when an HTTP/2
 * server answers. Takes two seconds at most for each of two looks. Never rejects.
 */
export async function dial({ host, port, tls }: ServerAddress): Promise<DialProblem | undefined> {
  const problem = tls ? await dialTls(host, port) : await dialPlain(host, port);
  if (problem !== closed || tls) return problem;
  // A TLS server hangs up on what is no TLS.
  return (await speaksTls(host, port)) ? wantsTls : problem;
}

const addressOfGrpc = "that serverUrl has the gRPC address of the gateway, and not that of its HTTP API";
const http1: DialProblem = { found: "an HTTP/1.1 server answered", check: addressOfGrpc, lasting: true };
const otherProtocol: DialProblem = { found: "what answered speaks no HTTP/2", check: addressOfGrpc, lasting: true };
const silent: DialProblem = {
  found: "the connection was taken and nothing was answered",
  check: addressOfGrpc,
  lasting: false,
};
const closed: DialProblem = {
  found: "the connection was closed without an answer",
  check: addressOfGrpc,
  lasting: false,
};
const wantsTls: DialProblem = {
  found: "the server wants TLS",
  check: "whether serverUrl must begin with https://",
  lasting: true,
};
const wantsNoTls: DialProblem = {
  found: "the server answered without TLS",
  check: "whether serverUrl must begin with http://",
  lasting: true,
};

function dialPlain(host: string, port: number): Promise<DialProblem | undefined> {
  return look(connectTcp({ host, port }), host, (socket, end) => {
    socket.once("connect", () => socket.write(preface));
    socket.once("data", (bytes: Buffer) => end(answerProblem(bytes)));
  });
}

function answerProblem(bytes: Buffer): DialProblem | undefined {
  if (bytes[0] === tlsAlert) return wantsTls;
  if (bytes.subarray(0, 5).toString("latin1") === "HTTP/") return http1;
  return bytes[3] === settingsFrame ? undefined : otherProtocol;
}

function dialTls(host: string, port: number): Promise<DialProblem | undefined> {
  return look(openTls(host, port, true), host, (socket, end) => {
    socket.once("secureConnect", () => end((socket as TLSSocket).alpnProtocol === "h2" ? undefined : otherProtocol));
  });
}

async function speaksTls(host: string, port: number): Promise<boolean> {
  const problem = await look(openTls(host, port, false), host, (socket, end) => {
    socket.once("secureConnect", () => end(undefined));
  });
  return problem === undefined;
}

function openTls(host: string, port: number, rejectUnauthorized: boolean): TLSSocket {
  const servername = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ host, port, ALPNProtocols: ["h2"], rejectUnauthorized, ...servername });
}

type End = (problem: DialProblem | undefined) => void;

/** Lets `watch` decide, unless the socket fails, ends or takes too long before. */
function look(
  socket: Socket,
  host: string,
  watch: (socket: Socket, end: End) => void,
): Promise<DialProblem | undefined> {
  return new Promise((resolve) => {
    let taken = false;
    const end: End = (problem) => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on("error", () => {});
      socket.destroy();
      resolve(problem);
    };
    const timer = setTimeout(() => end(taken ? silent : unanswered), dialMs);
    socket.once("connect", () => {
      taken = true;
    });
    watch(socket, end);
    socket.once("error", (error) => end(errorProblem(error, host)));
    socket.once("close", () => end(closed));
  });
}

const unanswered: DialProblem = {
  found: `nothing answered within ${dialMs} ms`,
  check: "the host and port of serverUrl, and firewalls on the way",
  lasting: false,
};

function errorProblem(error: Error, host: string): DialProblem {
  const code = String(member(error, "code") ?? error.message);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return { found: `the name ${host} has no address (${code})`, check: "the host of serverUrl", lasting: false };
  }
  if (code === "ECONNREFUSED") {
    return {
      found: `nothing listens there (${code})`,
      check: "the port of serverUrl, and that the server runs",
      lasting: false,
    };
  }
  if (code === "ECONNRESET") return closed;
  if (/NO_APPLICATION_PROTOCOL/.test(code)) return otherProtocol;
  if (code === "EPROTO" || (code.startsWith("ERR_SSL_") && !code.includes("ALERT"))) return wantsNoTls;
  if (isCertificateProblem(code)) {
    const check = `that it is for ${host} and from an authority that Node trusts, see NODE_EXTRA_CA_CERTS`;
    return { found: `the certificate of the server was refused (${code})`, check, lasting: true };
  }
  return { found: `the connection failed (${code})`, check: "the host and port of serverUrl", lasting: false };
}

/** The codes of OpenSSL's X509_V_ERR that Node passes on, and its own. */
function isCertificateProblem(code: string): boolean {
  return /CERT|ISSUER|SIGNATURE/.test(code) && !code.includes("ALERT");
}
