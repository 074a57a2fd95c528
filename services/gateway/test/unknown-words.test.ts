/**
 * Goal: nothing that a caller says is ignored: a parameter or a member that a route does not know, or that is there twice, is
 * refused by name. Approach: routes, parameters and members come from the route table and the OpenAPI document, so that what is
 * added is covered, too.
 */
import { describe, expect, it } from "vitest";
import { describedGateway, operatorKey, type Schema } from "./described-gateway.js";
import { userKey } from "./gateway-harness.js";
import { concretePath } from "./openapi-routes.js";

interface Route {
  method: string;
  path: string;
  query: string[];
  body: Schema | undefined;
}

let routes: Route[];
const harness = describedGateway(({ paths, components }) => {
  const resolved = (schema: Schema | undefined): Schema | undefined =>
    schema?.$ref === undefined ? schema : components.schemas[schema.$ref.split("/").at(-1) ?? ""];
  routes = harness.gateway.httpRoutes.map(({ method, path }) => {
    const { parameters = [], requestBody } = paths[path]?.[method.toLowerCase()] ?? {};
    const query = parameters.filter((one) => one.in === "query").map(({ name }) => name);
    return { method, path, query, body: resolved(requestBody?.content["application/json"].schema) };
  });
});

interface Problem {
  detail: string;
  field: string;
}

async function send({ method, path }: Route, query: string, body?: string): Promise<[number, Problem]> {
  const key = path.includes("{slug}") ? userKey : operatorKey;
  const response = await harness.fetch(concretePath(path) + query, {
    method,
    key,
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  return [response.status, (text.startsWith("{") ? JSON.parse(text) : {}) as Problem];
}

/** What services were asked, besides which org a slug names and to record who tried. */
const asked = () =>
  harness.services.requests
    .map(({ operation }) => operation)
    .filter((one) => one !== "internal/ResolveOrg" && one !== "internal/RecordAudit");

/** One letter of two is no word any more. */
const misspellings = (word: string) =>
  [word.toUpperCase(), word + word.at(-1), word.slice(0, 1) + word.slice(2)].filter(({ length }) => length > 1);

/** A body that has what is required, as text, in front of more members as text. */
const bodyWith = ({ required = [] }: Schema, members: string) =>
  `{${[...required.map((name) => `${JSON.stringify(name)}:"x"`), members].join(",")}}`;

describe("a parameter of a query", () => {
  it("is refused on every route that does not know it, beside every other one, before a service is asked", async () => {
    expect(routes.length).toBeGreaterThan(50);
    for (const route of routes) {
      const [status, { detail, field }] = await send(route, "?zzzzzz=1&metadata.a=b");
      expect([route.method, route.path, status, field, detail]).toEqual([
        ...[route.method, route.path, 400, "zzzzzz"],
        expect.stringMatching(/^zzzzzz: is unknown.*; metadata\.a: is unknown/),
      ]);
    }
    expect(asked()).toEqual([]);
  });

  it("is refused with the one that was meant where it is misspelt", async () => {
    const queries = routes.flatMap((route) => route.query.map((name) => ({ route, name })));
    expect(queries.length).toBeGreaterThan(30);
    for (const { route, name } of queries) {
      for (const misspelt of misspellings(name)) {
        const [status, { detail }] = await send(route, `?${misspelt}=1`);
        const expected = `${misspelt}: is unknown; did you mean ${name}?`;
        expect([route.path, status, detail]).toEqual([route.path, 400, expected]);
      }
    }
    expect(asked()).toEqual([]);
  });

  it("is refused where it is there twice, with equal values, too", async () => {
    for (const route of routes) {
      for (const name of route.query) {
        for (const query of [
          `?${name}=1&${name}=2`,
          `?${name}=1&%${name.charCodeAt(0).toString(16)}${name.slice(1)}=1`,
        ]) {
          const [status, { detail }] = await send(route, query);
          expect([route.path, query, status, detail]).toEqual([
            route.path,
            query,
            400,
            `${name}: must not be there twice`,
          ]);
        }
      }
    }
    expect(asked()).toEqual([]);
  });
});

describe("a member of a body", () => {
  const bodies = () => routes.flatMap(({ body, ...route }) => (body === undefined ? [] : [{ ...route, body }]));

  it("is refused on every route that does not know it, beside all that is wrong, before a service is asked", async () => {
    expect(bodies().length).toBeGreaterThan(20);
    for (const route of bodies()) {
      const [status, { detail }] = await send(route, "", bodyWith(route.body, '"zzzzzz":1,"__proto__":{"a":1}'));
      expect([route.method, route.path, status]).toEqual([route.method, route.path, 400]);
      expect(detail).toMatch(/zzzzzz: is unknown/);
      expect(detail).toMatch(/__proto__: is unknown/);
    }
    expect(asked()).toEqual([]);
  });

  it("is refused with the one that was meant where it is misspelt", async () => {
    for (const route of bodies()) {
      const names = Object.keys(route.body.properties ?? {});
      for (const name of names) {
        for (const misspelt of misspellings(name)) {
          const [status, { detail }] = await send(route, "", bodyWith(route.body, `"${misspelt}":null`));
          expect([route.path, status]).toEqual([route.path, 400]);
          expect(detail).toContain(`${misspelt}: is unknown; did you mean ${name}?`);
        }
      }
    }
    expect(asked()).toEqual([]);
  });

  it("is refused where it is there twice, whatever it is written like, and in objects that are no payloads", async () => {
    for (const route of bodies()) {
      for (const [name, schema] of Object.entries(route.body.properties ?? {})) {
        const escaped = `\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}`;
        const [status, { detail }] = await send(route, "", `{"${name}":null,"${escaped}":null}`);
        expect([route.path, status, detail]).toEqual([route.path, 400, `${name}: must not be there twice`]);
        const inner = Object.keys(schema.properties ?? {})[0] ?? "a";
        if (schema.properties === undefined && typeof schema.additionalProperties !== "object") continue;
        const [word] = schema.properties?.[inner]?.enum ?? [];
        const value = schema.properties === undefined ? '"1"' : JSON.stringify(word ?? 1);
        const [, twice] = await send(
          route,
          "",
          bodyWith(route.body, `"${name}":{"${inner}":${value},"${inner}":${value}}`),
        );
        expect([route.path, twice.detail]).toEqual([route.path, `${name}.${inner}: must not be there twice`]);
      }
    }
    expect(asked()).toEqual([]);
  });
});
