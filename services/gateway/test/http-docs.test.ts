// Goal: a browser can show the API with what this server alone sends it, as far as the configuration lets it.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { docsAssetNames } from "../src/http/docs-assets.js";
import { GatewayHarness, org, testConfig, userKey } from "./gateway-harness.js";

let harness: GatewayHarness;

beforeAll(async () => {
  harness = await GatewayHarness.start();
});

afterAll(() => harness.stop());

/** What a page loads, as paths of its server. */
const loads = (page: string) =>
  [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, path]) => new URL(path ?? "", harness.url("/api/docs")));

describe("the API page", () => {
  it("loads nothing from elsewhere, and everything it loads is there", async () => {
    const response = await harness.fetch("/api/docs", { key: "" });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    const page = await response.text();
    expect(page).not.toMatch(/<script>|<style|\son[a-z]+=|\sstyle=/);
    const found = loads(page);
    expect(found.map(({ origin }) => origin)).toEqual(found.map(() => harness.url("")));
    expect(found.map(({ pathname }) => pathname.replace("/api/docs/assets/", "")).sort()).toEqual(
      [...docsAssetNames].sort(),
    );
    for (const { pathname } of found) {
      const asset = await harness.fetch(pathname, { key: "" });
      expect([pathname, asset.status, asset.headers.get("x-content-type-options")]).toEqual([pathname, 200, "nosniff"]);
      const type = asset.headers.get("content-type") ?? "";
      expect([pathname, type]).toEqual([pathname, expect.stringMatching(typeOf(pathname))]);
      expect((await asset.arrayBuffer()).byteLength).toBeGreaterThan(100);
    }
  });

  it("is where the root of the server leads", async () => {
    const response = await harness.fetch("/", { key: "", redirect: "manual" });
    expect([response.status, response.headers.get("location")]).toEqual([302, "/api/docs"]);
    expect((await harness.fetch("/", { key: "" })).headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect((await harness.fetch("/", { key: "", method: "POST" })).status).toBe(405);
  });

  it("sends a file again only when it changed", async () => {
    const first = await harness.fetch("/api/docs/assets/swagger-ui.css", { key: "" });
    const etag = first.headers.get("etag") ?? "";
    const headers = { "if-none-match": etag };
    const again = await harness.fetch("/api/docs/assets/swagger-ui.css", { key: "", headers });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    const changed = await harness.fetch("/api/docs/assets/swagger-ui.css", {
      key: "",
      headers: { "if-none-match": '"other"' },
    });
    expect(changed.status).toBe(200);
  });

  it.each(["docs.html", "nonsense", "..%2F..%2Fpackage.json", "swagger-ui.js.map", "constructor"])(
    "serves no other file: %s",
    async (file) => {
      expect((await harness.fetch(`/api/docs/assets/${file}`, { key: "" })).status).toBe(404);
    },
  );

  it.each([
    ["neither is excluded", ["/_/health*"], 401, 401],
    ["the page alone is excluded", ["/api/docs"], 200, 401],
    ["both are excluded", ["/_/health", "/api/docs", "/api/docs/openapi.json"], 200, 200],
    ["all below is excluded", ["/api/docs*"], 200, 200],
  ])("needs a key as the configuration says: %s", async (_name, exclude_paths, page, document) => {
    const keys = [{ key: userKey, org_id: org.id, principal_type: "User", principal_id: "user:test" }];
    const endpoints = { http: { exclude_paths } };
    const closed = await GatewayHarness.start(testConfig({ auth: { static_api_key: { keys }, endpoints } }));
    try {
      const statuses = async (key: string) => [
        (await closed.fetch("/api/docs", { key })).status,
        (await closed.fetch("/api/docs/assets/docs.js", { key })).status,
        (await closed.fetch("/api/docs/openapi.json", { key })).status,
      ];
      expect(await statuses("")).toEqual([page, page, document]);
      expect(await statuses(userKey)).toEqual([200, 200, 200]);
    } finally {
      await closed.stop();
    }
  });
});

function typeOf(path: string): RegExp {
  if (path.endsWith(".js")) return /^text\/javascript/;
  return path.endsWith(".css") ? /^text\/css/ : /^image\/png$/;
}
