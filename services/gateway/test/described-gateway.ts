import { afterAll, beforeAll, beforeEach } from "vitest";
import { GatewayHarness, org, testConfig, userKey } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";

export const operatorKey = "flovyn_op_test_1";

/** A schema of the OpenAPI document, as far as tests walk it. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: string[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | false;
}

interface Operation {
  parameters?: { in: string; name: string }[];
  requestBody?: { content: { "application/json": { schema: Schema } } };
}

export interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** A gateway for the tests of a file, with an OWNER and an operator. `described` gets its OpenAPI document once it runs. */
export function describedGateway(described: (document: OpenApi) => void): GatewayHarness {
  const harness = new GatewayHarness(
    testConfig({
      auth: {
        enabled: true,
        static_api_key: {
          keys: [
            { key: userKey, org_id: org.id, principal_type: "User", principal_id: "user:test", role: "OWNER" },
            { key: operatorKey, principal_type: "User", principal_id: "operator:test", role: "OPERATOR" },
          ],
        },
        worker_token: { secret: "k1:0123456789abcdef0123456789abcdef" },
      },
    }),
  );
  beforeAll(async () => {
    await harness.services.start("dispatch", "tasks", "promises");
    harness.services.answer("internal/WorkersSeen", new Uint8Array());
    await harness.gateway.start();
    described((await (await harness.fetch("/api/docs/openapi.json")).json()) as OpenApi);
  });
  afterAll(() => harness.stop());
  beforeEach(() => {
    harness.services.requests.length = 0;
    answerOrgs(harness.services);
  });
  return harness;
}
