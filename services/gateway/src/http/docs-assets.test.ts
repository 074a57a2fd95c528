import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { findSwaggerUi } from "./docs-assets.js";

it("finds the library of the page in a checkout", () => {
  expect(findSwaggerUi("swagger-ui.css", createRequire(import.meta.url).resolve)).toMatch(/swagger-ui\.css$/);
});

it("says where the interface is described when the page is not installed", () => {
  const { resolve } = createRequire(import.meta.url);
  const missing = (specifier: string) => resolve(`not-installed/${specifier}`);
  expect(() => findSwaggerUi("swagger-ui.css", missing)).toThrow(
    expect.objectContaining({ code: "NotFound", message: expect.stringContaining("/api/docs/openapi.json") }),
  );
});
