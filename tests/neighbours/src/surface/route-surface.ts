/** A route of the REST interface, as the OpenAPI document of the gateway has it. */
export interface AttackedRoute {
  method: string;
  /** With its parameters: `/api/orgs/{slug}`. */
  path: string;
  /** Members of its JSON body, required ones marked; undefined where it takes none. */
  body: Record<string, { required: boolean; type: string | undefined }> | undefined;
  /** Names of its parameters in the query. */
  query: readonly string[];
  /** Its answer is a live stream. */
  streams: boolean;
}

interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
}

interface Operation {
  parameters?: { name: string; in: string }[];
  requestBody?: { content?: Record<string, { schema?: Schema }> };
  responses?: Record<string, { content?: Record<string, unknown> }>;
}

export interface OpenApiDocument {
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema> };
}

const methods = new Set(["get", "post", "put", "patch", "delete"]);

/** Every route of the document. */
export function routeSurface(document: OpenApiDocument): AttackedRoute[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method]) => methods.has(method))
      .map(([method, operation]) => ({
        method: method.toUpperCase(),
        path,
        body: bodyOf(document, operation),
        query: (operation.parameters ?? []).filter((one) => one.in === "query").map(({ name }) => name),
        streams: Object.values(operation.responses ?? {}).some(({ content }) => content?.["text/event-stream"]),
      })),
  );
}

function bodyOf(document: OpenApiDocument, operation: Operation): AttackedRoute["body"] {
  const schema = resolve(document, operation.requestBody?.content?.["application/json"]?.schema);
  if (schema === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, property]) => {
      const { type } = resolve(document, property) ?? {};
      return [name, { required: schema.required?.includes(name) ?? false, type: Array.isArray(type) ? type[0] : type }];
    }),
  );
}

function resolve(document: OpenApiDocument, schema: Schema | undefined): Schema | undefined {
  const name = schema?.$ref?.split("/").at(-1);
  return name === undefined ? schema : document.components?.schemas?.[name];
}
