import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { DomainError } from "@flovyn/domain";

const require = createRequire(import.meta.url);

export interface DocsAsset {
  bytes: Uint8Array<ArrayBuffer>;
  contentType: string;
  /** Quoted, as in the header. */
  etag: string;
}

const ours = (name: string) => fileURLToPath(new URL(`../../assets/docs/${name}`, import.meta.url));
const swaggerUi = (name: string) => findSwaggerUi(name, require.resolve);

/** Where a file of the page's library is. Errors: NotFound where it is not installed: it is part of a checkout alone. */
export function findSwaggerUi(name: string, resolve: (specifier: string) => string): string {
  try {
    return resolve(`swagger-ui-dist/${name}`);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "MODULE_NOT_FOUND") throw error;
    throw new DomainError(
      "NotFound",
      "the API page is not part of this installation: /api/docs/openapi.json describes the interface",
    );
  }
}

/** What the page loads beside itself: nothing comes from another host. */
export const docsAssetNames = [
  "docs.js",
  "docs.css",
  "swagger-ui-bundle.js",
  "swagger-ui.css",
  "favicon-32x32.png",
] as const;
export type DocsAssetName = (typeof docsAssetNames)[number];

const javascript = "text/javascript; charset=utf-8";
const css = "text/css; charset=utf-8";

const sources: Record<DocsAssetName | "docs.html", { path: () => string; contentType: string }> = {
  "docs.html": {
    path: () => {
      // Without its library the page would stay empty.
      swaggerUi("swagger-ui-bundle.js");
      return ours("docs.html");
    },
    contentType: "text/html; charset=utf-8",
  },
  "docs.js": { path: () => ours("docs.js"), contentType: javascript },
  "docs.css": { path: () => ours("docs.css"), contentType: css },
  "swagger-ui-bundle.js": { path: () => swaggerUi("swagger-ui-bundle.js"), contentType: javascript },
  "swagger-ui.css": { path: () => swaggerUi("swagger-ui.css"), contentType: css },
  "favicon-32x32.png": { path: () => swaggerUi("favicon-32x32.png"), contentType: "image/png" },
};

const loaded = new Map<string, Promise<DocsAsset>>();

/** A file of the API page, read when it is first asked for and kept: 1.6 MB when all of them were. */
export function loadDocsAsset(name: keyof typeof sources): Promise<DocsAsset> {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const asset = readAsset(name);
  loaded.set(name, asset);
  // A file that could not be read is tried again.
  asset.catch(() => loaded.delete(name));
  return asset;
}

export function isDocsAssetName(name: string): name is DocsAssetName {
  return docsAssetNames.some((known) => known === name);
}

async function readAsset(name: keyof typeof sources): Promise<DocsAsset> {
  const { path, contentType } = sources[name];
  const bytes = new Uint8Array(await readFile(path()));
  return { bytes, contentType, etag: `"${createHash("sha256").update(bytes).digest("base64url")}"` };
}
