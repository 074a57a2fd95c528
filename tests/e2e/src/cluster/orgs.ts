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

/** An operator of a cluster that has one. */
export const operatorKey = "flovyn_op_test_operator";

/** A worker key of the org that belongs to another principal than `workerKey`. */
export const otherWorkerKey = ({ workerKey }: Org) => `${workerKey}_other`;

/** A second key of the principal of `workerKey`, as while keys are rotated. */
export const rotatedWorkerKey = ({ workerKey }: Org) => `${workerKey}_rotated`;

/**
 * With an operator, a viewer and more worker keys of each org, worker tokens, and every authenticator that is configured.
 */
export function accessToml(orgs: readonly Org[]): string {
  const [tables, keys] = [orgTables(orgs), orgKeys(orgs)];
  const more = [
    `  { key = "${operatorKey}", principal_type = "User", principal_id = "operator:test", role = "OPERATOR" },`,
    ...orgs.flatMap((org) => {
      const key = (text: string) => `  { key = "${text}", org_id = "${org.id}"`;
      return [
        `${key(`${org.userKey}_viewer`)}, principal_type = "User", principal_id = "api:viewer", role = "VIEWER" },`,
        `${key(otherWorkerKey(org))}, principal_type = "Worker", principal_id = "worker:other" },`,
        `${key(rotatedWorkerKey(org))}, principal_type = "Worker", principal_id = "worker:test" },`,
      ];
    }),
  ];
  return [
    ...tables,
    `[auth.static_api_key]\nkeys = [\n${[...keys, ...more].join("\n")}\n]\n`,
    `[[auth.worker_token.secrets]]\nid = "test"\nsecret = "a secret of this test, of 32 bytes and more"\n`,
  ].join("\n");
}

/** The configuration file as the harnesses of existing SDKs write it. */
export function clusterToml(orgs: readonly Org[]): string {
  const [tables, keys] = [orgTables(orgs), orgKeys(orgs)];
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

function orgTables(orgs: readonly Org[]): string[] {
  return orgs.map(
    ({ id, slug }) => `[[orgs]]\nid = "${id}"\nname = "Test Organization"\nslug = "${slug}"\ntier = "FREE"\n`,
  );
}

function orgKeys(orgs: readonly Org[]): string[] {
  return orgs.flatMap(({ id, userKey, workerKey }) => [
    `  { key = "${userKey}", org_id = "${id}", principal_type = "User", principal_id = "api:test", role = "ADMIN" },`,
    `  { key = "${workerKey}", org_id = "${id}", principal_type = "Worker", principal_id = "worker:test" },`,
  ]);
}
