/**
 * Goal: no route takes a body that a web page of somebody else could send without being asked, as forms and text are.
 * Approach: walk every route that describes a body, so that what is added later is covered too.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GatewayHarness } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";
import { concretePath } from "./openapi-routes.js";

interface OpenApi {
  paths: Record<string, Record<string, { requestBody?: { required?: boolean }; responses: Record<string, unknown> }>>;
}

let harness: GatewayHarness;
let routes: { method: string; path: string; required: boolean; described: string[] }[];

beforeAll(async () => {
  harness = await GatewayHarness.start();
  answerOrgs(harness.services);
  const { paths } = (await (await harness.fetch("/api/docs/openapi.json")).json()) as OpenApi;
  routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { requestBody, responses }]) =>
      requestBody === undefined
        ? []
        : [
            {
              method: method.toUpperCase(),
              path,
              required: requestBody.required === true,
              described: Object.keys(responses),
            },
          ],
    ),
  );
});

afterAll(() => harness.stop());

/** As bytes, so that fetch adds no type of its own. */
const body = Buffer.from(`{"kind":"order","input":{}}`);

const refused = [
  undefined,
  "text/plain",
  "text/plain;charset=UTF-8",
  "text/plain; application/json",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "text/json",
  "text/html",
  "application/octet-stream",
  "application/xml",
  "application/jsonp",
  "application/json, text/plain",
  "application/json application/json",
  "xapplication/json",
  "json",
  "application/",
  "*/*",
  "application/json; charset=latin1",
  "application/json; charset=utf-16",
  'application/json; charset="iso-8859-1"',
  "application/json; a=b; CHARSET=us-ascii",
  "application/json; charset=utf-8; charset=utf-16le",
  "application/json; charset=",
];

const accepted = [
  "application/json",
  "application/json;charset=utf-8",
  "application/json ; charset=UTF-8",
  "APPLICATION/Json",
  "application/problem+json",
  "application/vnd.acme.order-v1+JSON; charset=utf-8",
  'application/json; charset="utf-8"',
  "application/json; profile=x; charset=UTF8",
];

const send = (route: { method: string; path: string }, contentType: string | undefined) =>
  harness.fetch(concretePath(route.path), {
    method: route.method,
    body,
    headers: contentType === undefined ? {} : { "content-type": contentType },
  });

describe("every route with a body", () => {
  it("is found, and describes the answer to another type", () => {
    expect(routes.length).toBeGreaterThan(15);
    for (const { method, path, described } of routes)
      expect([method, path, described]).toEqual([method, path, expect.arrayContaining(["415"])]);
  });

  it.each(refused)("refuses one of the type %s as a problem, before a service sees it", async (contentType) => {
    const before = harness.services.requests.length;
    for (const route of routes) {
      const answer = await send(route, contentType);
      const at = [route.method, route.path];
      expect([...at, answer.status, answer.headers.get("content-type")]).toEqual([
        ...at,
        415,
        "application/problem+json",
      ]);
      expect(await answer.json()).toMatchObject({ status: 415, code: "UnsupportedMediaType", retryable: false });
    }
    const asked = harness.services.requests.slice(before).map(({ operation }) => operation);
    expect(asked.filter((operation) => operation !== "internal/ResolveOrg")).toEqual([]);
  });

  it.each(accepted)("takes one of the type %s", async (contentType) => {
    for (const route of routes) {
      const { status } = await send(route, contentType);
      expect([route.method, route.path, status]).not.toEqual([route.method, route.path, 415]);
    }
  });

  it.each(["gzip", "br", "deflate", "zstd", "identity, gzip", "x"])(
    "refuses one with the Content-Encoding %s",
    async (encoding) => {
      for (const { method, path } of routes) {
        const headers = { "content-type": "application/json", "content-encoding": encoding };
        const answer = await harness.fetch(concretePath(path), { method, body, headers });
        expect([method, path, answer.status, await answer.json()]).toEqual([
          ...[method, path, 415],
          expect.objectContaining({ field: "Content-Encoding", code: "UnsupportedMediaType" }),
        ]);
        expect(answer.headers.get("accept-encoding")).toBe("identity");
      }
    },
  );

  it("takes one that is declared not to be encoded", async () => {
    for (const { method, path } of routes) {
      const headers = { "content-type": "application/json", "content-encoding": "identity" };
      const { status } = await harness.fetch(concretePath(path), { method, body, headers });
      expect([method, path, status]).not.toEqual([method, path, 415]);
    }
  });

  it("needs no type where the body may be left out, and is", async () => {
    const optional = routes.filter(({ required }) => !required);
    expect(optional.length).toBeGreaterThan(0);
    for (const { method, path } of optional) {
      const { status } = await harness.fetch(concretePath(path), { method });
      expect([method, path, status]).not.toEqual([method, path, 415]);
    }
  });
});

describe("a route that takes no body", () => {
  it("refuses one of another type all the same", async () => {
    const { paths } = (await (await harness.fetch("/api/docs/openapi.json")).json()) as OpenApi;
    const without = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { requestBody }]) =>
        method === "get" || requestBody !== undefined ? [] : [{ method: method.toUpperCase(), path }],
      ),
    );
    expect(without.length).toBeGreaterThan(0);
    for (const route of without) {
      expect([route.path, (await send(route, "text/plain")).status]).toEqual([route.path, 415]);
    }
  });
});
