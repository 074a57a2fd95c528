/** An answer of the REST door, read as text first because payloads are compared byte for byte. */
export interface RestAnswer {
  status: number;
  contentType: string;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read any member of any answer
  json: any;
}

export interface RestClient {
  get(path: string): Promise<RestAnswer>;
  /** Text is sent as it is; anything else as JSON. */
  post(path: string, body: unknown): Promise<RestAnswer>;
  delete(path: string): Promise<RestAnswer>;
}

/** Calls paths below `/api/orgs/{slug}`. */
export function createRestClient(options: { httpUrl: string; slug: string; key: string | undefined }): RestClient {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (options.key !== undefined) headers.authorization = `Bearer ${options.key}`;
  const send = async (path: string, init: RequestInit): Promise<RestAnswer> => {
    const response = await fetch(`${options.httpUrl}/api/orgs/${options.slug}${path}`, { ...init, headers });
    const text = await response.text();
    return {
      status: response.status,
      contentType: response.headers.get("content-type") ?? "",
      text,
      json: text === "" ? undefined : JSON.parse(text),
    };
  };
  return {
    get: (path) => send(path, {}),
    delete: (path) => send(path, { method: "DELETE" }),
    post: (path, body) => send(path, { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) }),
  };
}
