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
  return measured(url, await autocannon({ url, connections, duration: seconds }));
}

/**
 * Connections that are kept alive, each with one request after the other.
 * @param next the next request; paths are below `base`
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
  return measured(base, await autocannon({ url: base, connections, duration: seconds, requests: [{ setupRequest }] }));
}

/** One request after the other, each on a connection of its own; connecting is part of its time. */
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
  return { requestsPerSecond: (times.length / total) * 1_000, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}

function measured(url: string, result: autocannon.Result): Load {
  if (result.errors + result.timeouts + result.non2xx > 0)
    throw new Error(
      `${url}: ${result.errors} errors, ${result.timeouts} timeouts, ${result.non2xx} answers that were not 2xx`,
    );
  return { requestsPerSecond: result.requests.average, p50Ms: result.latency.p50, p99Ms: result.latency.p99 };
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
