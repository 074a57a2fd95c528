import type { GatewayHarness } from "./gateway-harness.js";

export interface DescribedRoute {
  method: string;
  /** With its parameters, as `/api/orgs/{slug}`. */
  path: string;
}

interface OpenApi {
  paths: Record<string, Record<string, unknown>>;
}

const someId = "0190a5c0-0000-7000-8000-00000000000a";

/** Every route of the OpenAPI document. */
export async function describedRoutes(harness: GatewayHarness): Promise<DescribedRoute[]> {
  const { paths } = (await (await harness.fetch("/api/docs/openapi.json")).json()) as OpenApi;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  );
}

/** The path with a value that may exist for each parameter. */
export function concretePath(path: string, slug = "acme"): string {
  return path
    .replace("{slug}", slug)
    .replace("{id}", someId)
    .replace("{promise}", `id:${someId}`)
    .replace("{file}", "docs.js");
}
