/**
 * How long an alias move takes to be seen: from the registry's answer to the first resolve at a gateway that was not the
 * one written through.
 * @module
 */
import { connectRegistry } from "@mintmark/registry-client";
import { trainedStack } from "./stack.ts";
import { median, type Row, spread } from "./table.ts";

const moves = 100;

export async function aliasMove(): Promise<readonly Row[]> {
  const stack = await trainedStack();
  // Straight to the registry, so that nothing at the gateway waits for its own write.
  const registry = connectRegistry({ baseUrl: stack.registryUrl, token: undefined, httpVersion: "2" });
  try {
    const seenAfter: number[] = [];
    for (let n = 0; n < moves; n++) {
      const version = (n % 2) + 1;
      await registry.aliases.setAlias({ model: "titanic", alias: "champion", version });
      const moved = performance.now();
      while ((await resolvedVersion(stack.url)) !== version);
      seenAfter.push(performance.now() - moved);
    }
    return [
      {
        what: "alias move seen at a gateway after, ms",
        measured: spread(seenAfter, 1),
        goal: "< 50 (median)",
        met: median(seenAfter) < 50,
      },
    ];
  } finally {
    registry.close();
    await stack.stop();
  }
}

async function resolvedVersion(url: string): Promise<number> {
  const answer = await fetch(`${url}/v1/resolve?uri=models:/titanic@champion`);
  return ((await answer.json()) as { version: number }).version;
}
