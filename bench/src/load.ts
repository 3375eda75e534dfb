/**
 * HTTP load, the same for every side of a comparison.
 * @module
 */
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import autocannon from "autocannon";

export interface Load {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers that were not 2xx: how many, and the first one's status and body. */
  readonly refused: { readonly count: number; readonly first: string };
}

/** One request of a load. */
export interface Request {
  readonly path: string;
  readonly method: "GET" | "POST";
  readonly body?: string;
}

/** @throws Error if a single request fails or is not answered with 2xx */
export async function load(
  url: string,
  { connections = 16, seconds = 4 }: { connections?: number; seconds?: number } = {},
): Promise<Load> {
  const result = measured(url, await autocannon({ url, connections, duration: seconds }));
  if (result.refused.count > 0) throw new Error(`${url}: ${result.refused.count} answers that were not 2xx`);
  return result;
}

/**
 * Connections that are kept alive, each with one request after the other.
 * @param next the next request; paths are below `base`
 * @throws Error if a single request gets no answer
 */
export async function loadOf(
  base: string,
  next: () => Request,
  { connections, seconds }: { readonly connections: number; readonly seconds: number },
): Promise<Load> {
  const setupRequest = (plain: autocannon.Request): autocannon.Request => {
    const { path, method, body } = next();
    const json = { "content-type": "application/json" };
    return { ...plain, path, method, ...(body === undefined ? {} : { body, headers: { ...plain.headers, ...json } }) };
  };
  let first = "";
  const onResponse = (status: number, body: string) => {
    if (first === "" && (status < 200 || status > 299)) first = `${status} ${body.slice(0, 300)}`;
  };
  const requests = [{ setupRequest, onResponse }];
  return measured(base, await autocannon({ url: base, connections, duration: seconds, requests }), first);
}

/**
 * One request after the other, each on a connection of its own; connecting is part of its time.
 * @throws Error if a single request fails or is not answered with 200
 */
export async function loadAfresh(base: string, next: () => Request, seconds: number): Promise<Load> {
  const times: number[] = [];
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end) {
    const began = performance.now();
    await afresh(base, next());
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  const quantile = (q: number) => times[Math.min(times.length - 1, Math.floor(q * times.length))]!;
  const total = times.reduce((sum, time) => sum + time, 0);
  const refused = { count: 0, first: "" };
  return { requestsPerSecond: (times.length / total) * 1_000, p50Ms: quantile(0.5), p99Ms: quantile(0.99), refused };
}

function measured(url: string, result: autocannon.Result, first = ""): Load {
  const { errors, timeouts, non2xx: count, latency } = result;
  if (errors + timeouts > 0) throw new Error(`${url}: ${errors} errors, ${timeouts} timeouts`);
  const refused = { count, first };
  return { requestsPerSecond: result.requests.average, p50Ms: latency.p50, p99Ms: latency.p99, refused };
}

async function afresh(base: string, { path, method, body }: Request): Promise<void> {
  const headers =
    body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  const asked = request(`${base}${path}`, { method, headers, agent: false });
  asked.end(body);
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  answer.resume();
  await once(answer, "end");
  if (answer.statusCode !== 200) throw new Error(`${base}${path} was answered with ${answer.statusCode}`);
}
