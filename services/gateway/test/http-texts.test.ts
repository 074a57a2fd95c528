/**
 * Goal: no text that UTF-8 cannot hold gets in over REST, where it would become one with others like it, and no name that is made
 * of control characters. Approach: the routes and the bodies of the OpenAPI document are walked, so that a text that is added
 * later is covered.
 */
import { describe, expect, it } from "vitest";
import { describedGateway, type OpenApi, operatorKey, type Schema } from "./described-gateway.js";
import { userKey } from "./gateway-harness.js";
import { concretePath } from "./openapi-routes.js";

const half = "\ud83d";
const problem = (field: string) => `${field}: must not contain half of a surrogate pair`;

interface TextMember {
  method: string;
  path: string;
  /** A body that is right but for the text, and what the refusal names. */
  body: (text: string) => Record<string, unknown>;
  member: string;
  field: string;
}

let members: TextMember[];
const harness = describedGateway((document) => {
  members = textMembers(document);
});

function textMembers({ paths, components }: OpenApi): TextMember[] {
  const resolved = (schema: Schema): Schema =>
    schema.$ref === undefined ? schema : (components.schemas[schema.$ref.split("/").at(-1) ?? ""] ?? {});
  const is = (schema: Schema, type: string) => [schema.type].flat().includes(type);
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { requestBody }]) => {
      const given = requestBody?.content["application/json"]?.schema;
      if (given === undefined) return [];
      const { properties = {}, required = [] } = resolved(given);
      const right = Object.fromEntries(
        required.filter((name) => is(properties[name] ?? {}, "string")).map((name) => [name, "x"]),
      );
      const member = (name: string, field: string, value: (text: string) => unknown): TextMember => ({
        ...{ method: method.toUpperCase(), path, member: name, field },
        // One of two spellings has to be there, and only one of them may.
        body: (text) => ({
          ...("workflowKind" in properties && name !== "kind" && { workflowKind: "x" }),
          ...right,
          [name]: value(text),
        }),
      });
      return Object.entries(properties).flatMap(([name, schema]) => {
        if (is(schema, "string")) return [member(name, name, (text) => text)];
        if (typeof schema.additionalProperties !== "object") return [];
        return [
          member(name, name, (text) => ({ [text]: "x" })),
          member(name, `${name}.tenant`, (text) => ({ tenant: text })),
        ];
      });
    }),
  );
}

function send({ method, path, body }: TextMember, text: string): Promise<Response> {
  const key = path.includes("{slug}") ? userKey : operatorKey;
  return harness.fetch(concretePath(path), { method, key, body: JSON.stringify(body(text)) });
}

/** What services were asked, besides which org a slug names and to record who tried. */
const asked = () =>
  harness.services.requests
    .map(({ operation }) => operation)
    .filter((one) => one !== "internal/ResolveOrg" && one !== "internal/RecordAudit");

describe("texts of REST bodies", () => {
  it("are found", () => {
    const names = new Set(members.map(({ member }) => member));
    const expected = ["kind", "queue", "version", "idempotencyKey", "metadata", "signalName", "signalId", "workflowId"];
    expect([...names]).toEqual(
      expect.arrayContaining([...expected, "queryName", "reason", "error", "name", "displayName"]),
    );
    expect(members.length).toBeGreaterThan(40);
  });

  it("are refused by name with half of a surrogate pair, before a service hears of it", async () => {
    for (const member of members) {
      for (const text of [half, `a${half}b`, "\udc00\ud800"]) {
        const response = await send(member, text);
        const { detail } = (await response.json()) as { detail: string };
        expect([member.method, member.path, response.status, detail]).toEqual([
          member.method,
          member.path,
          400,
          problem(member.field),
        ]);
      }
    }
    expect(asked()).toEqual([]);
  });

  it("may hold whole pairs", async () => {
    for (const member of members) {
      const { detail } = (await (await send(member, "\ud83d\ude00")).json()) as { detail?: string };
      expect(detail ?? "").not.toContain("surrogate");
    }
  });

  it("are refused by name with control characters where they are kinds or names of signals", async () => {
    const named = members.filter(({ member }) => ["kind", "workflowKind", "signalName"].includes(member));
    expect(named.length).toBeGreaterThanOrEqual(10);
    for (const member of named) {
      for (const character of ["\u0001", "\t", "\u001b", "\u007f", "\u0085", "\u009b"]) {
        const response = await send(member, `a${character}b`);
        const { detail } = (await response.json()) as { detail: string };
        expect([member.path, response.status, detail]).toEqual([
          member.path,
          400,
          expect.stringMatching(new RegExp(`^${member.field}: must not contain control characters, has U\\+00`)),
        ]);
      }
    }
    expect(asked()).toEqual([]);
  });
});

describe("the key __proto__ of a body", () => {
  it("is refused on every route that takes keys of the caller's, however it is written", async () => {
    const maps = members.filter(({ field }) => field.endsWith(".tenant"));
    expect(maps.length).toBeGreaterThan(5);
    for (const member of maps) {
      for (const key of ["__proto__", "\\u005f_proto__"]) {
        const body = JSON.stringify(member.body("x")).replace('"tenant"', `"${key}"`);
        const { method, path } = member;
        const response = await harness.fetch(concretePath(path), { method, body });
        const { detail } = (await response.json()) as { detail: string };
        expect([path, response.status, detail]).toEqual([
          path,
          400,
          `${member.member}: must not have the key __proto__`,
        ]);
      }
    }
    expect(asked()).toEqual([]);
  });
});

describe("texts of URLs", () => {
  const routes = () => harness.gateway.httpRoutes.filter(({ path }) => /\{(promise|id|slug)\}/.test(path));

  it.each(["%ff", "%c3", "%ed%a0%80", "%zz", "%"])("are refused in a path with %s on every route", async (broken) => {
    expect(routes().length).toBeGreaterThan(20);
    for (const { method, path } of routes()) {
      const target = path.includes("{promise}")
        ? concretePath(path.replace("{promise}", `key:${broken}`))
        : concretePath(path.replace("{id}", broken).replace("{slug}", path.includes("{id}") ? "acme" : broken));
      const response = await harness.fetch(target, { method });
      const { detail } = (await response.json()) as { detail: string };
      expect([target, response.status, detail]).toEqual([target, 400, "path: is not UTF-8 text in percent-encoding"]);
    }
    expect(asked()).toEqual([]);
  });

  it.each([
    ["kind=%ff", "kind"],
    ["limit=1&queue=a%c3", "queue"],
    ["%ff=1", "query"],
  ])("are refused in the query %s", async (query, field) => {
    const response = await harness.fetch(`/api/orgs/acme/workflow-executions?${query}`);
    const { detail } = (await response.json()) as { detail: string };
    expect([response.status, detail]).toEqual([400, `${field}: is not UTF-8 text in percent-encoding`]);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });
});

describe("problems", () => {
  it("quote the caller with nothing that a terminal acts on, and of the same value", async () => {
    const name = "\u009b31m\u202e\u007f";
    const response = await harness.fetch("/api/orgs", {
      ...{ method: "POST", key: operatorKey },
      body: JSON.stringify({ name: "x", slug: "x", quotas: { [name]: 1 } }),
    });
    const text = await response.text();
    expect(response.status).toBe(400);
    expect(text).toContain("\\u009b31m\\u202e\\u007f");
    expect((JSON.parse(text) as { detail: string }).detail).toContain(name);
  });
});
