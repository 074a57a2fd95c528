import { type FlovynConfig, soleSecretId } from "./config.js";

/**
 * Every value that the documents, `deploy/` and the README write in the place of a secret. A test compares them with this
 * list, so an example that is added there is refused here.
 */
export const exampleSecrets: readonly string[] = [
  "change me",
  "change me: the output of openssl rand -base64 48",
  "flovyn_op_change_me",
  "flovyn_sk_acme_change_me",
  "flovyn_wk_acme_change_me",
  "secret",
];

/** What a text says that is to be replaced, in examples of others too. */
const placeholder =
  /change[ _-]?(me|it|this)(?![a-z])|replace[ _-]?(me|this)(?![a-z])|^<.*>$|^your[ _-]|^(password|passwort|example|…|\.\.\.)$/i;

/** How `flovyn dev` begins the keys and secrets that it makes, by which `flovyn serve` knows them. */
export const devSecretPrefixes = {
  apiKey: "flovyn_sk_dev_",
  workerToken: "flovyn_wk_dev_",
  operatorKey: "flovyn_op_dev_",
  secret: "flovyn_dev_",
} as const;

/** Why a secret is known to others; undefined where it may be one. */
export function weaknessOf(secret: string): string | undefined {
  const text = secret.trim();
  if (exampleSecrets.includes(text) || placeholder.test(text)) return "is an example, known to everyone who reads it";
  if (Object.values(devSecretPrefixes).some((prefix) => text.startsWith(prefix))) {
    return "was made by `flovyn dev`, for development";
  }
  return undefined;
}

/** Settings whose secret is an example or one of development, by their names, without the secrets. */
export function findExampleSecrets(config: FlovynConfig): string[] {
  return secretsOf(config).flatMap(([name, secret]) => {
    const weakness = secret === undefined ? undefined : weaknessOf(secret);
    return weakness === undefined ? [] : [`${name}: ${weakness}; make one, as with \`openssl rand -base64 48\``];
  });
}

function secretsOf({ auth, databaseUrl, nats }: FlovynConfig): [name: string, secret: string | undefined][] {
  const { credentials } = nats;
  const ofBroker: [string, string | undefined][] = nats.url.split(",").flatMap((url) => {
    const { user, password } = userOf(url);
    return [
      ["nats.url", password],
      // A token stands where a user would, without a password.
      ["nats.url", password === undefined ? user : undefined],
    ];
  });
  return [
    ...auth.staticApiKey.keys.map(({ key }, n): [string, string] => [`auth.static_api_key.keys[${n}].key`, key]),
    ...auth.workerToken.secrets.map(({ id, secret }, n): [string, string] => [
      id === soleSecretId ? "auth.worker_token.secret" : `auth.worker_token.secrets[${n}].secret`,
      secret,
    ]),
    ...auth.promiseToken.secrets.map(({ secret }, n): [string, string] => [
      `auth.promise_token.secrets[${n}].secret`,
      secret,
    ]),
    ["database_url", databaseUrl === undefined ? undefined : userOf(databaseUrl).password],
    ["nats.password", credentials !== undefined && "password" in credentials ? credentials.password : undefined],
    ["nats.token", credentials !== undefined && "token" in credentials ? credentials.token : undefined],
    ...(nats.enabled ? ofBroker : []),
  ];
}

function userOf(url: string): { user: string | undefined; password: string | undefined } {
  const { user, password } = /^\w+:\/\/(?<user>[^:@/]*)(:(?<password>[^@/]*))?@/.exec(url.trim())?.groups ?? {};
  const decoded = (text: string | undefined) => {
    try {
      return text && decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  return { user: decoded(user), password: decoded(password) };
}
