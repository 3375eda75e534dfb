/**
 * An MLflow server as the source of an import: what its REST API tells, read and never written.
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import { AppError } from "@mintmark/errors";

export interface MlflowSource {
  /** As it was given, without a trailing slash. */
  readonly url: string;
  /** One call; `query` of a GET, `body` of a POST. @throws AppError */
  readonly get: <T>(path: string, query?: Query) => Promise<T>;
  readonly post: <T>(path: string, body: object) => Promise<T>;
  /** The bytes of a file, once their head is there. @throws AppError */
  readonly download: (path: string, query?: Query) => Promise<Download>;
}

export type Query = Readonly<Record<string, string | number>>;

export interface Download {
  /** As the server says it; `undefined` if it does not. */
  readonly size: number | undefined;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface SourceOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** Nothing is sent before the first call. @throws AppError OPTION_INVALID */
export function mlflowSource(uri: string, { env, signal }: SourceOptions): MlflowSource {
  const url = requireUrl(uri);
  const headers = { accept: "*/*", "accept-encoding": "identity", ...credentials(env) };
  const send = (path: string, init: RequestInit = {}) =>
    answered(url, path, () =>
      fetch(`${url}${path}`, { ...init, headers: { ...headers, ...init.headers }, redirect: "follow", signal }),
    );
  return {
    url,
    get: async (path, query = {}) => parseExact(await (await send(`${path}${queryText(query)}`)).text()),
    post: async (path, body) => {
      const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
      return parseExact(await (await send(path, init)).text());
    },
    download: async (path, query = {}) => {
      const { headers, body } = await send(`${path}${queryText(query)}`);
      const length = headers.get("content-length");
      return { size: length === null ? undefined : Number(length), body: body ?? [] } as Download;
    },
  };
}

/** Whether the source has no such thing. */
export function isMissing(error: unknown): boolean {
  return (
    error instanceof AppError &&
    error.reason === "MLFLOW_REFUSED" &&
    (error.detail as { status: number }).status === 404
  );
}

/**
 * The items of a list, page by page.
 * @param field of the answer, under which they are
 * @param read asks for one page; what it is given belongs to the request
 */
export async function* everyPage<T>(
  field: string,
  read: (page: { readonly page_token?: string }) => Promise<Readonly<Record<string, unknown>>>,
): AsyncGenerator<readonly T[]> {
  let next: unknown;
  do {
    const answer = await read(typeof next === "string" ? { page_token: next } : {});
    const items = (answer[field] ?? []) as readonly T[];
    if (items.length > 0) yield items;
    next = answer["next_page_token"] || undefined;
  } while (next !== undefined);
}

/** All of it, where it is known to fit. */
export async function everything<T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> {
  const items: T[] = [];
  for await (const page of pages) items.push(...page);
  return items;
}

function requireUrl(uri: string): string {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return uri.replace(/\/+$/, "");
  throw new AppError("OPTION_INVALID", {
    option: "URI",
    expected: "the http(s) address of a tracking server (start one with: mlflow server --backend-store-uri …)",
    value: uri,
  });
}

/** As MLflow's own clients read them: where both are set, the password wins. */
function credentials(env: SourceOptions["env"]): Record<string, string> {
  const { MLFLOW_TRACKING_TOKEN: token, MLFLOW_TRACKING_USERNAME: user, MLFLOW_TRACKING_PASSWORD: password } = env;
  if (user && password) return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
  return token ? { authorization: `Bearer ${token}` } : {};
}

function queryText(query: Query): string {
  const entries = Object.entries(query).map(([key, value]): [string, string] => [key, String(value)]);
  return entries.length === 0 ? "" : `?${new URLSearchParams(entries)}`;
}

const attempts = 5;
const firstPauseMs = 500;
const passing: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

async function answered(url: string, path: string, send: () => Promise<Response>): Promise<Response> {
  const call = path.split("?", 1)[0]!;
  for (let attempt = 1; ; attempt++) {
    const last = attempt === attempts;
    try {
      const response = await send();
      if (response.ok) return response;
      if (last || !passing.has(response.status)) throw await refusal(url, call, response);
      await response.body?.cancel();
    } catch (error) {
      if (error instanceof AppError || (error as Error).name === "AbortError") throw error;
      if (last) throw new AppError("MLFLOW_UNREACHABLE", { url, cause: causeOf(error) }, { cause: error });
    }
    await pause(firstPauseMs * 2 ** (attempt - 1));
  }
}

async function refusal(url: string, call: string, response: Response): Promise<AppError> {
  const { status } = response;
  const { error_code: code = "", message = response.statusText } = errorOf(await response.text());
  if (status === 401 || status === 403) return new AppError("MLFLOW_DENIED", { url, call, message });
  return new AppError("MLFLOW_REFUSED", { url, call, status, code, message });
}

function errorOf(text: string): { error_code?: string; message?: string } {
  try {
    return JSON.parse(text) as object;
  } catch {
    return {};
  }
}

function causeOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
}

/** JSON whose whole numbers beyond 2^53 stay exact, as texts of digits. */
function parseExact<T>(text: string): T {
  if (text === "") return {} as T;
  return JSON.parse(text, (_, value: unknown, context?: { source: string }) =>
    typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d{16,19}$/.test(context?.source ?? "")
      ? context!.source
      : value,
  ) as T;
}
