import type { ClientSettings } from "../client/options.js";
import { FlovynServiceError, isRefusal } from "../wire/service-error.js";

const neededKey =
  "a worker needs a worker token, an API key of the type Worker, or a key with the role OWNER, of the organization in orgId";

/** A refusal of the worker's credential with what to change about it; any other error as it is. */
export function asWorkerRefusal(error: unknown, settings: Pick<ClientSettings, "serverUrl" | "workerOption">): unknown {
  if (!isRefusal(error, "UNAUTHENTICATED", "PERMISSION_DENIED")) return error;
  const { operation, code, detail, reason, requestId } = error as FlovynServiceError;
  const { serverUrl, workerOption } = settings;
  const option =
    workerOption === "apiKey" ? "apiKey, which serves the worker because workerToken is left out" : workerOption;
  const message = `the server at ${serverUrl} refused the credential in ${option}: ${detail}; ${neededKey}`;
  return new FlovynServiceError(operation, { code, message, reason, requestId });
}
