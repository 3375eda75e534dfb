/**
 * `/v1/resolve` of a hot alias, against a bare `node:http` server that answers a constant body of the same size.
 * @module
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { load } from "./load.ts";
import { trainedStack } from "./stack.ts";
import { median, type Row, spread } from "./table.ts";

const rounds = 5;

export async function resolveThroughput(): Promise<readonly Row[]> {
  const stack = await trainedStack();
  const url = `${stack.url}/v1/resolve?uri=models:/titanic@champion`;
  const bytes = (await (await fetch(url)).text()).length;
  const bare = fork(new URL("./bare-server.ts", import.meta.url), [String(bytes)]);
  try {
    const [port] = (await once(bare, "message")) as [number];
    const bareUrl = `http://127.0.0.1:${port}/`;
    for (const warm of [bareUrl, url]) await load(warm, { seconds: 2 });
    const ratios: number[] = [];
    const ours: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const theirs = await load(bareUrl);
      const own = await load(url);
      ratios.push(own.requestsPerSecond / theirs.requestsPerSecond);
      ours.push(own.requestsPerSecond);
    }
    return [
      {
        what: "resolve of a hot alias / bare node:http",
        measured: spread(ratios),
        goal: ">= 0.60",
        met: median(ratios) >= 0.6,
      },
      { what: "resolves per second, 16 connections", measured: spread(ours, 0), goal: "-", met: true },
    ];
  } finally {
    bare.kill();
    await stack.stop();
  }
}
