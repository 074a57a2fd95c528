/** A description is a few KiB, a set of keys rarely more than 20; a provider that sends more than this is not one. */
export const providerBodyBytesMax = 1024 * 1024;
/** From the question to the last byte of the answer. In ms. */
export const providerAnswerMs = 5000;

/** The keys of the provider could not be had; says nothing of the token. The problem is a short text of few kinds. */
export class KeysOutOfReachError extends Error {
  readonly problem: string;

  constructor(problem: string, cause?: unknown) {
    super(`the keys of the identity provider are out of reach: ${problem}`, { cause });
    this.name = "KeysOutOfReachError";
    this.problem = problem;
  }
}

/**
 * Reads what the identity provider has at an address: an answer with status 200, without redirects, of at most 1 MiB after
 * it is unpacked. Errors: KeysOutOfReachError for everything else.
 */
export async function fetchFromProvider(
  address: string | URL,
  signal: AbortSignal = AbortSignal.timeout(providerAnswerMs),
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const answer = await fetch(address, {
      ...{ redirect: "manual", signal },
      headers: { accept: "application/json, application/jwk-set+json", "accept-encoding": "identity" },
    });
    if (answer.status === 200) return await readBounded(answer);
    await answer.body?.cancel();
    throw new KeysOutOfReachError(`answered with status ${answer.status}`);
  } catch (error) {
    throw error instanceof KeysOutOfReachError ? error : new KeysOutOfReachError(problemOf(error), error);
  }
}

/** The same, read as JSON. */
export async function fetchJsonFromProvider(address: string | URL): Promise<unknown> {
  const body = await fetchFromProvider(address);
  try {
    return JSON.parse(Buffer.from(body).toString("utf8"));
  } catch (error) {
    throw new KeysOutOfReachError("sent no JSON", error);
  }
}

async function readBounded(answer: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop by an error ends the connection.
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > providerBodyBytesMax) throw new KeysOutOfReachError(`sent more than ${providerBodyBytesMax} bytes`);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** The code of what went wrong below: `ECONNREFUSED`, `ENOTFOUND`, `CERT_HAS_EXPIRED`. */
function problemOf(error: unknown): string {
  for (let one = error; one instanceof Error; one = one.cause) {
    if (one.name === "TimeoutError") return "gave no whole answer in time";
    const { code } = one as { code?: unknown };
    if (typeof code === "string" && /^[A-Z][A-Z0-9_]{1,63}$/.test(code)) return code;
  }
  return "the connection failed";
}
