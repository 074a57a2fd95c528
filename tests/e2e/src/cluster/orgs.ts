import { randomBytes, randomUUID } from "node:crypto";

/** An org of the cluster's configuration with one key of each kind. */
export interface Org {
  id: string;
  slug: string;
  /** Of a principal of type User. */
  userKey: string;
  /** Of a principal of type Worker. */
  workerKey: string;
}

export function makeOrg(name: string): Org {
  const unique = randomBytes(6).toString("hex");
  return {
    id: randomUUID(),
    slug: `${name}-${unique}`,
    userKey: `flovyn_sk_test_${name}_${unique}`,
    workerKey: `flovyn_wk_test_${name}_${unique}`,
  };
}

/** The configuration file as the harnesses of existing SDKs write it. */
export function clusterToml(orgs: readonly Org[]): string {
  const tables = orgs.map(
    ({ id, slug }) => `[[orgs]]\nid = "${id}"\nname = "Test Organization"\nslug = "${slug}"\ntier = "FREE"\n`,
  );
  const keys = orgs.flatMap(({ id, userKey, workerKey }) => [
    `  { key = "${userKey}", org_id = "${id}", principal_type = "User", principal_id = "api:test", role = "ADMIN" },`,
    `  { key = "${workerKey}", org_id = "${id}", principal_type = "Worker", principal_id = "worker:test" },`,
  ]);
  const endpoint = (name: string) =>
    `[auth.endpoints.${name}]\nauthenticators = ["static_api_key"]\nauthorizer = "cedar"\n`;
  return [
    ...tables,
    "[auth]\nenabled = true\n",
    `[auth.static_api_key]\nkeys = [\n${keys.join("\n")}\n]\n`,
    endpoint("http"),
    endpoint("grpc"),
  ].join("\n");
}
