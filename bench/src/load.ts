/**
 * HTTP load on one URL, the same for every side of a comparison.
 * @module
 */
import autocannon from "autocannon";

export interface Load {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** @throws Error if a single request fails or is not answered with 2xx */
export async function load(
  url: string,
  { connections = 16, seconds = 4 }: { connections?: number; seconds?: number } = {},
): Promise<Load> {
  const result = await autocannon({ url, connections, duration: seconds });
  if (result.errors + result.timeouts + result.non2xx > 0)
    throw new Error(
      `${url}: ${result.errors} errors, ${result.timeouts} timeouts, ${result.non2xx} answers that were not 2xx`,
    );
  return { requestsPerSecond: result.requests.average, p50Ms: result.latency.p50, p99Ms: result.latency.p99 };
}
