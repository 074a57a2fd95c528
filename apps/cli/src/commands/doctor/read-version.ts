const answerMsMax = 5_000;

/** The version of the Flovyn process whose health is at an address. Errors: what answers is none, or nothing answers. */
export async function readVersion(opsUrl: string): Promise<string> {
  const answer = await fetch(`${opsUrl}/_/health`, { signal: AbortSignal.timeout(answerMsMax) });
  const { version } = (await answer.json()) as { version?: unknown };
  if (typeof version !== "string") throw new Error(`${opsUrl} is no Flovyn process`);
  return version;
}
