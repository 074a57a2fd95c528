import type { Caller } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import type { EndpointConfig, FlovynConfig, Logger } from "@flovyn/runtime";
import { type Authenticate, type Authenticator, createAuthenticate } from "./authenticate.js";

/** Makes the authenticator of a name, or undefined where the configuration has nothing for it. It may throw. */
export type AuthenticatorFactory = () => Authenticator | undefined;

export interface AuthenticationStackOptions {
  endpoints: FlovynConfig["auth"]["endpoints"];
  /** By name, in the order in which they are asked: keys of the configuration may look like other credentials. */
  factories: Readonly<Record<string, AuthenticatorFactory>>;
  /** Those that a door has where its configuration names none, as far as they are configured. */
  usual: Readonly<Record<Door, readonly string[]>>;
  anonymous: Caller | undefined;
  log: Logger;
}

export type Door = "http" | "grpc";

export interface AuthenticationStack {
  http: Authenticate;
  grpc: Authenticate;
  /** Why both doors are closed to everybody; empty when they are not. */
  problems: readonly string[];
}

/**
 * The checks of both doors. A name that nothing implements, or an authenticator that cannot be made, closes both doors: a
 * door that silently does without one might be open to somebody whom it was to keep out.
 */
export function createAuthenticationStack(options: AuthenticationStackOptions): AuthenticationStack {
  const made = makeAll(options);
  const problems: string[] = [];
  const chosen = (door: Door): Authenticator[] => {
    const names = namesOf(options.endpoints[door], options.usual[door], made);
    for (const name of names) {
      const problem = made.get(name) ?? "there is no such authenticator";
      if (typeof problem === "string") problems.push(`auth.endpoints.${door}.authenticators: ${name}: ${problem}`);
    }
    return [...made].flatMap(([name, one]) => {
      return names.includes(name) && typeof one === "object" ? [failClosed(one, options.log)] : [];
    });
  };
  const authenticators = { http: chosen("http"), grpc: chosen("grpc") };
  for (const problem of problems) {
    options.log.error({ problem }, "authentication is misconfigured: every call is refused");
  }
  const door = (of: Door): Authenticate =>
    problems.length > 0
      ? createAuthenticate({ authenticators: [] })
      : createAuthenticate({ authenticators: authenticators[of], anonymous: options.anonymous });
  return { http: door("http"), grpc: door("grpc"), problems };
}

/** Every authenticator, or what is wrong with it. */
function makeAll({ factories, log }: AuthenticationStackOptions): Map<string, Authenticator | string> {
  const made = new Map<string, Authenticator | string>();
  for (const [name, make] of Object.entries(factories)) {
    try {
      made.set(name, make() ?? notConfigured);
    } catch (err) {
      log.error({ err, authenticator: name }, "an authenticator cannot be made");
      made.set(name, "it cannot be made from its configuration");
    }
  }
  return made;
}

/** Refuses whoever an authenticator fails to check. What it says itself, by a DomainError, is passed on. */
function failClosed({ name, authenticate }: Authenticator, log: Logger): Authenticator {
  const refuse = (err: unknown): never => {
    if (err instanceof DomainError && err.code !== "Internal") throw err;
    log.error({ err, authenticator: name }, "an authenticator failed: the call is refused");
    throw new DomainError("Unauthenticated", "the key could not be checked", { reason: "AUTHENTICATOR_FAILED" });
  };
  return {
    name,
    authenticate(token, address) {
      try {
        const answer = authenticate(token, address);
        return answer instanceof Promise ? answer.catch(refuse) : answer;
      } catch (err) {
        return refuse(err);
      }
    },
  };
}

const notConfigured = "it is not configured";

function namesOf(
  { authenticators }: EndpointConfig,
  usual: readonly string[],
  made: ReadonlyMap<string, Authenticator | string>,
): readonly string[] {
  return authenticators ?? usual.filter((name) => made.get(name) !== notConfigured);
}
